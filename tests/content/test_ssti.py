"""What people try against a template engine to get out of it: refused with a line, each of them, or shown as text."""

from __future__ import annotations

import pytest

from app.content import rendering
from app.content.language import Refused, check
from app.content.rendering import Frozen

ATTACKS = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ [].__class__.__base__ }}",
    "{{ ().__class__.__bases__[0] }}",
    "{{ {}.__class__ }}",
    "{{ customer.__class__ }}",
    "{{ customer['__class__'] }}",
    '{{ customer["\\x5f\\x5fclass\\x5f\\x5f"] }}',
    "{{ customer['\\u005f\\u005fclass\\u005f\\u005f'] }}",
    "{{ customer.attributes.__init__ }}",
    "{{ customer.attributes['__init__'] }}",
    "{{ customer.attributes._private }}",
    "{{ customer['first' + '_name'] }}",
    "{{ customer[customer.first_name] }}",
    "{{ customer|attr('__class__') }}",
    "{{ customer|attr('\\x5f\\x5fclass\\x5f\\x5f') }}",
    "{{ ''|attr(['__cl','ass__']|join) }}",
    "{{ facts.__getattribute__ }}",
    "{{ facts.__dict__ }}",
    "{{ facts.get('x') }}",
    "{{ facts.items() }}",
    "{{ facts.cart.items() }}",
    "{{ facts.pop('x') }}",
    "{{ self }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__.__globals__.os }}",
    "{{ namespace(x=1) }}",
    "{{ lipsum.__globals__['os'].popen('id') }}",
    "{{ lipsum() }}",
    "{{ range(10) }}",
    "{{ dict(a=1) }}",
    "{{ config }}",
    "{{ config.SECRET_KEY }}",
    "{{ request }}",
    "{{ request.application.__globals__ }}",
    "{{ request['application'] }}",
    "{{ g }}",
    "{{ session }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ url_for.__globals__ }}",
    "{{ super() }}",
    "{{ caller() }}",
    "{{ varargs }}",
    "{{ __import__('os') }}",
    "{{ __builtins__ }}",
    "{{ eval('1') }}",
    "{{ open('/etc/passwd') }}",
    "{{ context }}",
    "{{ environment }}",
    "{{ _state }}",
    "{{ _replace }}",
    "{{ undefined }}",
    "{{ loop }}",
    "{{ loop._iterator }}",
    "{% for x in facts.l %}{{ loop.__class__ }}{% endfor %}",
    "{% for x in facts.l %}{{ loop._undefined }}{% endfor %}",
    "{% for x in facts.l %}{{ loop.cycle('a') }}{% endfor %}",
    "{% for x in facts.l recursive %}{{ loop(x) }}{% endfor %}",
    "{% for x in ''.__class__.__mro__ %}{{ x }}{% endfor %}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "{% for _x in facts.l %}{% endfor %}",
    "{% for customer in facts.l %}{% endfor %}",
    "{% for x in facts.l %}{{ x.__class__ }}{% endfor %}",
    "{{ '%s' % customer }}",
    "{{ '{0.__class__}'.format(customer) }}",
    "{{ '{0.__class__}'|format(customer) }}",
    "{{ facts.l|map('attr', '__class__') }}",
    "{{ facts.l|map(attribute='__class__')|list }}",
    "{{ facts.l|selectattr('__class__') }}",
    "{{ facts.l|groupby('__class__') }}",
    "{{ facts.l|sort(attribute='__class__') }}",
    "{{ facts.l|tojson }}",
    "{{ customer.first_name|safe }}",
    "{{ customer.first_name|e|safe }}",
    "{{ customer.first_name|_want }}",
    "{{ customer.first_name|_address(1) }}",
    "{{ customer|pprint }}",
    "{{ customer|string }}",
    "{{ customer|xmlattr }}",
    "{{ 'x'|center(1000000000) }}",
    "{{ '%999999999d'|format(1) }}",
    "{{ 'a' * 1000000000 }}",
    "{{ 9 ** 999999 }}",
    "{{ 1 // 0 }}",
    "{{ 1 / 0 }}",
    "{{ 'a' ~ 'b' }}",
    "{{ [1, 2] }}",
    "{{ {'a': 1} }}",
    "{{ customer if customer else 1 }}",
    "{{ customer is mapping }}",
    "{{ customer is defined }}",
    "{{ customer.first_name[0:5] }}",
    "{% set x = 1 %}",
    "{% set x %}y{% endset %}",
    "{% macro m() %}{% endmacro %}",
    "{% import 'x' as y %}",
    "{% from 'x' import y %}",
    "{% include '/etc/passwd' %}",
    "{% extends 'base.html' %}",
    "{% block b %}{% endblock %}",
    "{% call m() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% filter _address(0) %}x{% endfilter %}",
    "{% with x = 1 %}{% endwith %}",
    "{% autoescape false %}{{ customer.first_name }}{% endautoescape %}",
    "{% raw %}{{ x }}{% endraw %}",
    "{% do facts.l.append(1) %}",
    "{% debug %}",
    "{% trans %}x{% endtrans %}",
    "{% break %}",
    "{{ true.real }}",
    "{{ 1.real }}",
    "{{ 'abc'.upper() }}",
    "{{ None.__class__ }}",
    "{{ customer.attributes['x'].__class__.__init__ }}",
    "{{ facts['a']['__globals__'] }}",
    "{{ (customer|default(facts)).__class__ }}",
    "{{ customer.ｆirst_name }}",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_with_its_line(attack):
    found = check(f"one\ntwo {attack}")
    assert found, attack
    assert all(one.line == 2 for one in found)
    for frozen in (Frozen(attack, "", "", ""), Frozen("", "", attack, ""), Frozen("", "", "", attack)):
        with pytest.raises(Refused):
            rendering.compiled(frozen)


def test_an_attack_in_the_data_is_text():
    mail = rendering.compiled(Frozen("{{ customer.first_name }}", "", "<p>{{ customer.first_name }}</p>", ""))
    for attack in ATTACKS:
        drawn = mail.render({"customer": {"first_name": attack}})
        assert drawn.subject == " ".join(attack.split())
        assert "<p>{" in drawn.html


class Armed:
    """Would tell if anything asked it for something."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(name)

    def __str__(self) -> str:
        raise AssertionError("str")

    __repr__ = __str__
    __html__ = __str__

    def __getitem__(self, key: object) -> object:
        raise AssertionError(key)

    def __bool__(self) -> bool:
        return True

    def __call__(self) -> object:
        raise AssertionError("called")


def test_an_object_that_is_no_plain_data_is_never_asked_for_anything():
    source = "{{ facts.x }}{{ facts.x.y }}{{ facts.x | upper }}{{ facts.x | length }}{% for a in facts.x %}{% endfor %}"
    source += "{{ facts.x | first }}{{ facts.x | join }}{{ facts.x + 1 }}"
    source += "{% if facts.x == 1 or facts.x < 2 %}{% endif %}"
    assert rendering.render(Frozen("", "", source, source), {"facts": {"x": Armed()}}).html == ""
