"""A version for a person: escaped, bounded, its links safe and replaceable, its gaps noted."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from app.content import apart, headers, links, rendering, trial
from app.content.language import Refused, Skip
from app.content.rendering import Frozen


def html_of(source: str, facts: dict[str, object] | None = None, **customer: object) -> str:
    return rendering.render(Frozen("", "", source, ""), {"facts": facts or {}, "customer": customer}).html


def test_a_value_is_escaped_in_html_and_plain_elsewhere():
    source = "{{ customer.first_name }}"
    drawn = rendering.render(Frozen(source, source, source, source), {"customer": {"first_name": "<b>&'\""}})
    assert drawn.html == "&lt;b&gt;&amp;&#39;&#34;"
    assert drawn.subject == drawn.preheader == drawn.text == "<b>&'\""


def test_a_value_that_calls_itself_safe_is_escaped_too():
    facts = {"a": Markup("<b>"), "l": [Markup("<i>")]}
    source = "{{ facts.a }}{{ facts.l | first }}{{ facts.l | join }}{{ facts.a | escape | upper }}"
    assert "<" not in html_of(source, facts)


def test_what_is_missing_is_empty_and_noted_once():
    frozen = Frozen("{{ customer.first_name }}", "", "{{ customer.first_name }}{{ customer.email }}", "")
    drawn = rendering.render(frozen, {"customer": {"email": " "}})
    assert (drawn.subject, drawn.html) == ("", "")
    assert sorted(drawn.missing) == ["customer.email", "customer.first_name"]


def test_what_has_a_default_or_only_decides_is_not_missing():
    source = "{{ facts.a | default('x') }}{% if facts.b %}{{ facts.b }}{% endif %}{{ facts.c or 'y' }}"
    drawn = rendering.render(Frozen("", "", source, ""), {})
    assert (drawn.html, drawn.missing) == ("xy", ())


def test_a_policy_gives_a_default():
    frozen = Frozen("", "", "{{ customer.first_name }}", "", {"customer.first_name": {"default": "<you>"}})
    drawn = rendering.render(frozen, {})
    assert (drawn.html, drawn.missing) == ("&lt;you&gt;", ("customer.first_name",))


def test_a_policy_skips_the_person():
    policies = {"facts.cart.items[].name": {"skip": True}}
    mail = rendering.compiled(Frozen("", "", "{% for i in facts.cart.items %}{{ i.name }}{% endfor %}", "", policies))
    assert mail.render({"facts": {"cart": {"items": [{"name": "A"}]}}}).html == "A"
    with pytest.raises(Skip) as skipped:
        mail.render({"facts": {"cart": {"items": [{}]}}})
    assert skipped.value.field == "facts.cart.items[].name"


def test_a_loop_over_nothing_is_noted():
    drawn = rendering.render(Frozen("", "", "{% for i in facts.l %}a{% else %}none{% endfor %}", ""), {})
    assert (drawn.html, drawn.empty) == ("none", ("facts.l",))


def test_a_header_has_one_line_whatever_the_data():
    name = "Anna\r\nBcc: all@example.com\x00\u2028\ud800" + "x" * 1000
    drawn = rendering.render(Frozen("Hi {{ customer.first_name }}", "", "", ""), {"customer": {"first_name": name}})
    assert drawn.subject.startswith("Hi Anna Bcc: all@example.com")
    assert len(drawn.subject) == headers.LONGEST_SUBJECT
    assert drawn.subject.isprintable()


def test_a_name_cannot_be_read_as_an_address():
    assert headers.name('Anna" <evil@example.com>\r\n, x') == "Anna evil@example.com x"


SOURCE = """<p>{{ customer.first_name }}</p>
<a class=x href="https://a.example/?a=1&amp;b=2"><b>One</b></a>
<!--[if mso]><v:roundrect xmlns:v="x" href="{{ facts.url }}"><center>Two</center></v:roundrect><![endif]-->
{% for i in facts.l %}<a href='{{ i.url }}'><img src="https://a.example/x.png" alt="Three"></a>{% endfor %}
<!-- <a href="https://hidden.example/"> --><link href="https://style.example/">
<a href="{% if facts.a %}https://yes.example/{% else %}{{ facts.url }}{% endif %}">Four {{ facts.n }}</a>
<a href="#">Top</a>"""


def test_links_are_found_in_their_order_with_lines_and_labels():
    assert [(one.place, one.line, one.href, one.label) for one in links.find(SOURCE)] == [
        (0, 2, "https://a.example/?a=1&b=2", "One"),
        (1, 3, "{{ facts.url }}", "Two"),
        (2, 4, "{{ i.url }}", "Three"),
        (3, 6, "{% if facts.a %}https://yes.example/{% else %}{{ facts.url }}{% endif %}", "Four {{ facts.n }}"),
        (4, 7, "#", "Top"),
    ]


def test_each_target_with_a_field_can_be_replaced():
    heard = []

    def replaced(place: int, target: str) -> str:
        heard.append((place, target))
        return f"https://go.example/{place}?a&b"

    facts = {"url": "https://b.example/?x=1&y=2", "l": [{"url": "https://c.example/"}, {"url": "javascript:x"}]}
    mail = rendering.compiled(Frozen("", "", SOURCE, ""))
    drawn = mail.render({"facts": facts}, replace=replaced)
    assert heard == [
        (1, "https://b.example/?x=1&y=2"),
        (2, "https://c.example/"),
        (3, "https://b.example/?x=1&y=2"),
    ]
    assert drawn.html.count("https://go.example/") == 3
    assert 'href="https://go.example/1?a&amp;b"' in drawn.html
    assert drawn.dead == (2,)
    plain = mail.render({"facts": facts})
    assert 'href="https://b.example/?x=1&amp;y=2"' in plain.html
    assert "javascript" not in plain.html + drawn.html


def test_a_link_without_a_field_leads_elsewhere_for_everybody_with_a_word_that_each_mail_has_its_own_of():
    led = {0: f"https://go.example/{links.HERE}/0?a&b", 1: "https://no.example/", 4: "https://no.example/"}
    mail = rendering.compiled(Frozen("", "", f"<body>{SOURCE}</body>", ""), led, f"<i>{links.HERE}</i>")
    drawn = mail.render({"customer": {"first_name": links.HERE}, "facts": {"url": "https://b.example/"}}, word="w1")
    assert 'href="https://go.example/w1/0?a&amp;b"' in drawn.html
    assert drawn.html.endswith('<a href="#">Top</a><i>w1</i></body>')
    assert "https://no.example/" not in drawn.html
    assert 'href="https://b.example/"' in drawn.html


@pytest.mark.parametrize(
    "target",
    ["javascript:alert(1)", " java\nscript:x", "JAVASCRIPT:x", "data:text/html,x", "vbscript:x", "//x", "/x", "x", ""],
)
def test_a_target_of_another_kind_leads_nowhere(target):
    for source in ('<a href="{{ facts.u }}">x</a>', '<a href="{% if facts.u %}{{ facts.u }}{% endif %}">x</a>'):
        assert html_of(source, {"u": target}) == '<a href="#">x</a>'


def test_a_picture_comes_from_the_web_or_not_at_all():
    source = '<img src="{{ facts.a }}"><img src="{{ facts.b }}">'
    facts = {"a": "data:image/svg+xml,x", "b": "https://a.example/a b.png"}
    assert html_of(source, facts) == '<img src=""><img src="https://a.example/a%20b.png">'


def test_one_value_stays_one_inside_an_address():
    source = '<a href="https://a.example/{{ facts.p }}?n={{ facts.n }}&m={{ facts.n }}">x</a>'
    html = html_of(source, {"p": "a/b c", "n": "Anna & Bob=1#"})
    value = "Anna%20%26%20Bob%3D1%23"
    assert html == f'<a href="https://a.example/a/b%20c?n={value}&amp;m={value}">x</a>'


def test_a_style_takes_nothing_that_ends_it():
    for source in ('<p style="color:{{ facts.c }}">x</p>', "<style>p{color:{{ facts.c }}}</style>"):
        assert "redbackground:urlhttp" in html_of(source, {"c": "red;}background:url(http)'"})


@pytest.mark.parametrize(
    "source",
    [
        "<{{ facts.a }}>",
        "</{{ facts.a }}>",
        "<p {{ facts.a }}>",
        "<p class={{ facts.a }}>",
        '<p onclick="{{ facts.a }}">',
        "<script>{{ facts.a }}</script>",
        '<iframe srcdoc="{{ facts.a }}">',
        '<a href="javascript:alert(1)">',
        '<a href=" java\tscript:x">',
        '<a href="&#106;avascript:x">',
        '{% if facts.a %}<a href="{% endif %}">',
    ],
)
def test_a_field_or_a_link_in_a_dangerous_place_is_refused(source):
    with pytest.raises(Refused) as refused:
        rendering.compiled(Frozen("", "", f"\n{source}", ""))
    assert str(refused.value).startswith("line 2: ")


def test_a_mail_has_its_bounds():
    source = "{% for a in facts.l %}{% for b in facts.l %}{{ b }}{% endfor %}{% endfor %}"
    for rows, word in ((["y" * 10_000] * 100, "longer than"), ([""] * 200, "turn 20,000 times")):
        with pytest.raises(Refused, match=word):
            html_of(source, {"l": rows})


def test_a_control_line_leaves_no_empty_line_in_the_text():
    text = "Hi\n{% for i in facts.l %}\n- {{ i }}\n{% endfor %}\nBye {% if facts.l %}all{% endif %}\nnow"
    assert rendering.render(Frozen("", "", "", text), {"facts": {"l": ["a", "b"]}}).text == "Hi\n- a\n- b\nBye all\nnow"


def test_the_same_version_is_compiled_once():
    one, other = (Frozen("a", "b", "<p>c</p>", "d", {"customer.email": {"skip": True}}) for _ in range(2))
    assert rendering.compiled(one) is rendering.compiled(other)
    assert rendering.compiled(one) is not rendering.compiled(Frozen("a", "b", "<p>c</p>", "d"))


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(name for name, _ in attrs)))


FACTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(
        ["<script>", '"><img src=x onerror=alert(1)>', "'", "javascript:alert(1)", "--><b>", "]]>", "\x00", "\ud800"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["u", "l", "n", "items"]), inner),
)  # fmt: skip
MAIL = rendering.compiled(
    Frozen(
        "{{ facts.n }}{{ customer.first_name | upper }}",
        "{{ facts.l }}",
        '<a title="{{ facts.n }}" href="{{ facts.u }}">{{ facts.n | title }}</a><!-- {{ facts.l }} -->'
        "<p style='color:{{ facts.n }}'>{{ facts.l | join('<') }}{{ facts | default('x') }}</p>"
        '<a href="https://x.example/?{{ facts.n }}={{ facts.u }}">{{ facts.n | truncate(3) }}</a>'
        "{% for i in facts.l %}{{ i }}{{ i.n }}{% endfor %}"
        "{% if facts.n > facts.l or facts.u in facts.n %}{{ facts.n + facts.u }}{{ facts.l | last }}{% endif %}",
        "{{ facts.n | date }}{{ facts.n | money }}",
    )
)
SHAPE = [("a", ("title", "href")), ("p", ("style",)), ("a", ("href",))]


@given(st.dictionaries(st.sampled_from(["u", "l", "n"]), FACTS), FACTS)
def test_no_data_makes_a_tag_or_a_header(facts, name):
    drawn = MAIL.render({"facts": facts, "customer": {"first_name": name}})
    tags = _Tags()
    tags.feed(drawn.html)
    assert tags.seen == SHAPE
    assert not {"\r", "\n", "\x00"} & set(drawn.subject + drawn.preheader)
    assert "javascript:" not in drawn.html.split('href="')[1].split('"')[0]
    (drawn.subject + drawn.preheader + drawn.html + drawn.text).encode()


WRITTEN = st.lists(
    st.sampled_from(
        (
            *("{{ facts.n }}", "{{ facts.l | join }}", "{% if facts.n %}", "{% else %}", "{% endif %}", "{% endfor %}"),
            *("{% for i in facts.l %}", "{{ i.n | upper }}", '<a href="', '">', "'", "</a>", "<", "<p ", " style="),
            *("<!--", "-->", "<!--[if mso]>", "<![endif]-->", "<style>", "</style>", "{{ facts.u }}", "=", "\n", "{#"),
        )
    ),
    max_size=25,
).map("".join)


@given(WRITTEN, st.dictionaries(st.sampled_from(["u", "l", "n"]), FACTS))
def test_whatever_is_written_only_refused_or_skip_comes_out(source, facts):
    frozen = Frozen("", "", source, source, {"facts.n": {"skip": True}})
    try:
        rendering.render(frozen, {"facts": facts})
    except (Refused, Skip):
        return


def test_a_trial_tells_what_is_wrong_part_by_part():
    found = trial.problems(Frozen("{{ x }}", "", "<p>\n{% set a = 1 %}", ""))
    assert {part: [one.line for one in some] for part, some in found.items()} == {"subject": [1], "html": [2]}
    assert trial.problems(Frozen("a", "", "{{ customer.first_name }}", ""), [{"customer": {"first_name": "A"}}]) == {}


def test_a_trial_draws_for_the_people_it_is_given():
    found = trial.problems(Frozen("", "", "{% for a in facts.l %}a{% endfor %}", ""), [{"facts": {"l": [1] * 30_000}}])
    assert [str(one) for one in found["mail"]] == ["line 1: the loops of one mail may turn 20,000 times in all"]


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        ("loops", "longer than 1 second"),
        ("grows", "more than 512 MB"),
        ("dies", "ended without"),
        ("raises", "KeyError"),
    ],
)
def test_whatever_happens_apart_is_a_sentence_and_the_next_question_is_answered(function, sentence):
    with pytest.raises(apart.Stopped, match=sentence):
        apart.call(f"tests.content.misbehaving:{function}", seconds=1)
    assert trial.problems(Frozen("a", "", "", "")) == {}
