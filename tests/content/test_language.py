"""What the language takes, what it refuses and in which words, and which fields it finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.content import knowledge
from app.content.language import Field, Refused, check, fields_of, names
from app.settings.brand import Brand

TAKEN = [
    "plain",
    "{{ customer.first_name }}",
    '{{ customer.attributes["name with blanks"] }}',
    "{{ facts.cart.items[0].name }}",
    "{{ customer.first_name | default('there') | title }}",
    "{{ brand.legal_name | default(brand.name) }}",
    "{{ customer.first_name or 'there' }}",
    "{% if customer.attributes.score >= 700 and not facts.x %}a{% elif facts.y == 'b' %}b{% else %}c{% endif %}",
    "{% if 'a' in customer.attributes.tags %}x{% endif %}",
    "{% for item in facts.cart.items %}{{ loop.index }}{% if not loop.last %},{% endif %}{% else %}none{% endfor %}",
    "{% for a in facts.l %}{% for b in a.l %}{{ b.name }}{% endfor %}{% endfor %}",
    "{{ facts.product.old_price - facts.product.new_price }}",
    "{{ facts.n + -1 }}",
    "{# nothing #}",
    "{{ customer.created_date | date('%d.%m.%Y') }}",
    "{{ facts.product.price | money(facts.product.currency) }}",
]
REFUSED = {
    "{% set x = 1 %}": "“{% set %}” is not part of the language",
    "{% foo %}": "“{% foo %}” is not part of the language",
    "{{ customer.frist_name }}": "“customer.frist_name” is not known; did you mean “customer.first_name”?",
    "{{ customer.course }}": "“customer.course” is not known; did you mean “customer.attributes.course”?",
    "{{ brand.nam }}": "“brand.nam” is not known; did you mean “brand.name”?",
    "{{ urls.unsubscribed }}": "“urls.unsubscribed” is not known; did you mean “urls.unsubscribe”?",
    "{{ first_name }}": "“first_name” is not known here; did you mean “customer.first_name”?",
    "{{ customer }}": "“customer” is not a field: name what is in it, as in customer.first_name",
    "{{ customer.attributes }}": "name an attribute, as in customer.attributes.score",
    "{{ customer.email.x }}": "“customer.email” has nothing inside",
    "{{ customer.email | uper }}": "the filter “uper” is not known; did you mean “upper”?",
    "{{ customer.email | upper(1) }}": "“upper” is written {{ … | upper }}",
    "{{ facts.n | number(99) }}": "“number” takes a whole number from 0 to 6",
    "{{ facts.n | truncate(1000000000) }}": "“truncate” takes a whole number from 1 to 1,000",
    "{{ facts.n | money('€') }}": '“money” takes a currency of three letters, as in money("EUR")',
    "{{ facts.at | date('lng') }}": "“date” does not know this form; did you mean “long”?",
    "{% if facts.a %}": "“{% if %}” has no “{% endif %}” where it is needed",
    "{% endfor %}": "“{% endfor %}” closes nothing that is open",
    "{% if facts.a %}{% endfor %}": "“{% if %}” has no “{% endif %}” where it is needed",
    "{{ 1 < facts.n < 3 }}": "compare two things at a time, and join comparisons by “and”",
    "{% for x in 'abc' %}{% endfor %}": "a loop goes over a given list, as in {% for item in facts.cart.items %}",
    "{{ 2 * 2 }}": "“*” is not part of the language",
    "{{ loop.index }}": "“loop” is only known inside a loop",
    "a\x00b": "there is a control character; take it out",
}


@pytest.mark.parametrize("source", TAKEN)
def test_it_is_taken(source):
    assert check(source) == []


@pytest.mark.parametrize("source", REFUSED)
def test_it_is_refused_with_its_line_in_plain_words(source):
    assert [str(one) for one in check(f"\n\n\n{source}")][:1] == [f"line 4: {REFUSED[source]}"]


def test_every_problem_is_told_at_once():
    found = check("{{ a }}\n{{ b }}\n{{ customer.first_name | c }}")
    assert [one.line for one in found] == [1, 2, 3]


def test_what_it_knows_is_what_a_mail_is_given(monkeypatch):
    monkeypatch.setattr(knowledge.brand, "current", Brand)
    assert set(names.KNOWN["customer"]) == set(knowledge.COLUMNS)
    assert set(names.KNOWN["brand"]) == set(knowledge.common()["brand"])


BOMBS = {
    "loops three deep": "{% for a in facts.l %}" * 3 + "{% endfor %}" * 3,
    "blocks a hundred deep": "{% if facts.a %}" * 100 + "{% endif %}" * 100,
    "brackets ten thousand deep": "{{ " + "(" * 10_000 + "1" + ")" * 10_000 + " }}",
    "nots ten thousand deep": "{{ " + "not " * 10_000 + "1 }}",
    "sums of ten thousand": "{{ " + "1 + " * 10_000 + "1 }}",
    "filters of ten thousand": "{{ facts.a" + " | upper" * 10_000 + " }}",
    "steps of a thousand": "{{ facts" + ".a" * 100_000 + "(1) }}",
    "a number of ten thousand digits": "{{ " + "9" * 10_000 + " }}",
    "a text of a million": "{{ '" + "a" * 900_000 + "' }}",
    "too many fields": "{{ facts.a }}" * 5_000,
    "too long": "a" * 1_000_001,
    "never closed": "{% if facts.a %}" * 2_000,
    "open braces": "{{" * 1_400,
    "open comments": "{#" * 1_400,
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused(bomb):
    assert check(BOMBS[bomb])


def test_the_fields_are_found_with_their_lines_and_guards():
    source = """{{ customer.first_name }} {{ customer.first_name | default("x") }}
{% if customer.email %}{{ customer.email }}{% else %}{{ customer.email }}{% endif %}
{% for item in facts.cart.items %}{{ item.name }}{% endfor %}
{{ customer.mobile or "none" }} {{ urls.view }}
{% if not facts.a %}{% else %}{{ facts.a }}{% endif %}{% if facts.n > 1 %}{{ facts.n }}{% endif %}"""
    assert fields_of(source) == [
        Field("customer.first_name", 1, False),
        Field("customer.first_name", 1, True),
        Field("customer.email", 2, True),
        Field("customer.email", 2, True),
        Field("customer.email", 2, False),
        Field("facts.cart.items", 3, True),
        Field("facts.cart.items[].name", 3, False),
        Field("customer.mobile", 4, True),
        Field("urls.view", 4, True),
        Field("facts.a", 5, True),
        Field("facts.a", 5, True),
        Field("facts.n", 5, True),
        Field("facts.n", 5, True),
    ]


def test_the_fields_of_a_broken_template_are_refused():
    with pytest.raises(Refused):
        fields_of("{{ x }}")


WORDS = """{{ }} {% %} {# #} {%- -%} if else elif endif for in endfor not and or == < + - * ( ) [ ] . , | : ' " 1 9.5
customer first_name facts x recommendations loop index default upper date money truncate raw endraw set a é \\x self
__class__ true none"""
PIECES = st.sampled_from([*WORDS.split(), "\n", " "])


@given(st.lists(PIECES, max_size=40).map(" ".join))
def test_whatever_is_written_is_read_or_refused(source):
    assert all(one.line >= 1 and one.message for one in check(source))


@given(st.text(max_size=200))
def test_whatever_text_is_read_or_refused(source):
    check(source)
    check("{{ " + source + " }}")
