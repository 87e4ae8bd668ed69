"""The filters: what they show, and that nothing makes them raise."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from app.content import rendering
from app.content.language import filters
from app.content.rendering import Frozen

AT = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
SHOWN = {
    ("Anna", "facts.v"): "Anna",
    (None, "facts.v"): "",
    (True, "facts.v"): "yes",
    (720.0, "facts.v"): "720",
    (7.25, "facts.v"): "7.25",
    (float("nan"), "facts.v"): "",
    (10**5000, "facts.v"): "",
    (("a", 1), "facts.v"): "a, 1",
    (AT, "facts.v"): "2026-11-21T23:30:00+00:00",
    ("a\x1b\ud800b", "facts.v"): "ab",
    (" ", "facts.v | default('x')"): "x",
    (0, "facts.v | default('x')"): "0",
    (None, "facts.v | default('x', true)"): "x",
    ("straße", "facts.v | upper"): "STRASSE",
    (12, "facts.v | upper"): "12",
    ("ÄB", "facts.v | lower"): "äb",
    ("ANNA-maria o'neill", "facts.v | title"): "Anna-Maria O'neill",
    (AT, "facts.v | date"): "21 November 2026",
    (AT, "facts.v | date('short')"): "21 Nov 2026",
    (AT, "facts.v | date('long')"): "Saturday, 21 November 2026",
    (AT, "facts.v | date('%-d.%m.%y %H:%M %I %p 100%%')"): "21.11.26 23:30 11 PM 100%",
    ("2026-11-21T23:30:00Z", "facts.v | date('time')"): "23:30",
    ("2026-11-21", "facts.v | date('weekday')"): "Saturday",
    (date(2026, 1, 2), "facts.v | date('moment')"): "2 Jan 2026, 00:00",
    ("tomorrow", "facts.v | date"): "tomorrow",
    ("2026-99-99", "facts.v | date"): "2026-99-99",
    (4180, "facts.v | money('EUR')"): "41.80 EUR",
    (4180, "facts.v | money('jpy')"): "4,180 JPY",
    (4180, "facts.v | money('KWD')"): "4.180 KWD",
    (-5, "facts.v | money('EUR')"): "-0.05 EUR",
    (123456789, "facts.v | money('USD')"): "1,234,567.89 USD",
    (4180, "facts.v | money"): "41.80",
    ("dear", "facts.v | money"): "dear",
    (1234567, "facts.v | number"): "1,234,567",
    (1234.5, "facts.v | number"): "1,234.5",
    (1234.5, "facts.v | number(2)"): "1,234.50",
    (Decimal("1e999999"), "facts.v | number"): "1E+999999",
    ("many", "facts.v | number"): "many",
    ("a long sentence", "facts.v | truncate(8)"): "a long…",
    ("aaaaaaaaaa", "facts.v | truncate(5)"): "aaaa…",
    (("a", "b"), "facts.v | join(' and ')"): "a and b",
    ("ab", "facts.v | join('-')"): "ab",
    (("a", "b"), "facts.v | length"): "2",
    (None, "facts.v | length"): "0",
    (5, "facts.v | length"): "",
    (("a", "b"), "facts.v | first"): "a",
    (("a", "b"), "facts.v | last"): "b",
    ((), "facts.v | first"): "",
    (5, "facts.v | last"): "",
    ("<b>", "facts.v | escape"): "<b>",
    (5, "facts.v + 1"): "6",
    (None, "facts.v + 1"): "1",
    ("a", "facts.v + 'b'"): "ab",
    ("a", "facts.v - 1"): "",
    (5, "facts.v - -1"): "6",
}


@pytest.mark.parametrize(("value", "expression"), SHOWN, ids=[f"{n}" for n in range(len(SHOWN))])
def test_it_shows(value, expression):
    assert text_of(expression, value) == SHOWN[value, expression]


def text_of(expression: str, value: object, **more: object) -> str:
    frozen = Frozen("", "", "", f"{{{{ {expression} }}}}")
    return rendering.render(frozen, {"facts": {"v": value, **more}, "customer": more.get("customer", {})}).text


def test_a_date_is_said_where_the_customer_lives_else_where_the_team_is():
    frozen = Frozen("", "", "", "{{ facts.at | date('moment') }}")
    there = {"facts": {"at": AT}, "customer": {"timezone": "Asia/Tokyo"}}
    nowhere = {"facts": {"at": AT}, "customer": {"timezone": "Nowhere/../etc"}}
    assert rendering.render(frozen, there).text == "22 Nov 2026, 08:30"
    assert rendering.render(frozen, nowhere, ZoneInfo("Europe/Berlin")).text == "22 Nov 2026, 00:30"


def test_money_finds_the_currency_beside_the_price_or_beside_its_list():
    source = "{% for item in facts.cart.items %}{{ item.price | money }};{% endfor %}{{ facts.discount | money }}"
    cart = {"currency": "EUR", "items": [{"price": 100}, {"price": 100, "currency": "JPY"}]}
    drawn = rendering.render(Frozen("", "", "", source), {"facts": {"cart": cart, "discount": 5}})
    assert drawn.text == "1.00 EUR;100 JPY;0.05 EUR"


@pytest.mark.parametrize(
    ("left", "operator", "right", "answer"),
    [
        (1, "lt", 2, True),
        (1, "lt", "2", False),
        (None, "lt", 2, False),
        ("a", "lteq", "b", True),
        (AT, "gt", AT.replace(tzinfo=None), False),
        (True, "gt", 0, False),
        (None, "eq", "", True),
        (1, "ne", "1", True),
        ("a", "in", "abc", True),
        ("a", "in", ["a"], True),
        ("a", "in", None, False),
        ("a", "notin", 5, True),
        (1, "eq", 1.0, True),
        (Decimal("sNaN"), "lt", 1, False),
        (Decimal("sNaN"), "eq", 1, False),
    ],
)
def test_comparisons_of_unequal_kinds_are_false(left, operator, right, answer):
    assert filters.compare(left, operator, right) is answer


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.decimals(allow_nan=True)
    | st.datetimes() | st.dates() | st.just(6000).map(lambda n: 10**n) | st.text(max_size=9).map(Markup)
    | st.binary(max_size=3)
)  # fmt: skip
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner))
CALLS = [
    "default('x')", "upper", "lower", "title", "date", "date('long')", "money", "money('EUR')", "number", "number(2)",
    "truncate(5)", "join", "join('-')", "length", "first", "last", "escape",
]  # fmt: skip


@given(VALUES, st.lists(st.sampled_from(CALLS), max_size=4))
def test_nothing_makes_a_filter_raise(value, calls):
    text_of(" | ".join(["facts.v", *calls]), value)


@given(VALUES, st.sampled_from(sorted({"lt", "lteq", "gt", "gteq", "eq", "ne", "in", "notin"})), VALUES)
def test_nothing_makes_a_comparison_or_a_sum_raise(left, operator, right):
    filters.compare(left, operator, right)
    filters.shown(filters.plus(left, right))
    filters.shown(filters.minus(left, right))
