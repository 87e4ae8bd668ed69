"""Whatever the grammar understands can be computed, however strange; what leads nowhere or round in a circle cannot."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.db import db
from app.operators import UNKEEPABLE
from app.problem import Refused
from app.segments import audience, keeping, why
from app.segments.definition import Definition
from app.segments.unavailable import Unavailable
from tests.factories import NOW, make_attribute, make_customer, make_event
from tests.segments.making import make_rules

NAMES = ('"', "\\", "a'b", "$", "$.*", "a b", "\x01\x7f", "漢字", "😀", ":p0", "%s", "%(x)s", "?", "x" * 200)
HUGE = (1e99, -1e99, 10**99, 1e-99, 5.5, 2**63)
LATEST, EARLIEST = "8999-12-31", "1000-01-01"
STRANGE = [
    *({"attribute": name, "op": op, "value": "x"} for name in NAMES for op in ("equals", "contains", "starts_with")),
    *({"attribute": name, "op": "at_least", "value": 1} for name in NAMES),
    *({"attribute": name, "op": "exists"} for name in NAMES),
    *({"event": name, "where": [{"property": name, "op": "ends_with", "value": name}]} for name in NAMES),
    *({"interest": name} for name in (*NAMES, "(", "[a", "a{2", "***:x", "(?i)a", "^", "|", "\\d", "a\nb")),
    *({"funnel": "sales", "in_stage": name} for name in NAMES),
    *({"orders": "spent", "op": "at_least", "value": 1, "category": name} for name in NAMES),
    *({"attribute": "score", "op": "equals", "value": huge} for huge in HUGE),
    *({"attribute": "score", "op": "between", "value": [-1e99, huge]} for huge in HUGE if huge > 0),
    *({"field": "id", "op": op, "value": huge} for huge in HUGE for op in ("equals", "at_least")),
    *({"field": "id", "op": "in", "value": [huge, 1]} for huge in HUGE),
    *({"orders": "count", "op": "not_equals", "value": huge} for huge in HUGE),
    *(
        {"attribute": name, "op": op, "value": day}
        for name in ("intake", "seen", "unknown")
        for day in (EARLIEST, LATEST, "8999-12-30T23:59:59.999999-12:00")
        for op in ("before", "after", "at_most")
    ),
    {"field": "created_date", "op": "between", "value": [EARLIEST, LATEST]},
    {"field": "created_date", "op": "not_within_last", "value": "36500d"},
    {"attribute": "unknown", "op": "changed_within", "value": "36500d"},
    {"event": "login", "within": {"from": EARLIEST, "to": LATEST}, "times": {"at_least": 1_000_000}},
    {"event": "login", "not_followed_by": "login", "for": "36500d"},
    {"sequence": ["login"] * 5, "within": "36500d"},
    {"streak": "login", "days": 400},
    {"streak": "login", "days": 400, "starting": "any"},
    {"nth": {"event": "login", "n": 1_000}, "within": "36500d", "of_n": 999},
    {"event": "login", "where": [{"property": "a", "op": "not_exists"}] * 20},
    {"attribute": "score", "op": "in", "value": list(range(1_000))},
    {"any": [{"event": f"e{n}"} for n in range(100)]},
    {"none": [{"event": f"e{n}", "times": {"exactly": 0}} for n in range(50)]},
]


@pytest.fixture(autouse=True)
def _one_customer(app):
    for name, kind in (("score", "numeric"), ("intake", "date"), ("seen", "timestamp")):
        make_attribute(name, kind)
    facts = {"score": 1, "intake": "2026-10-22", "seen": "2026-10-22T08:04:00+00:00", "unknown": "9999-99-99"}
    make_event(make_customer(attributes=facts), unknown="2026-02-30")


def test_however_strange_it_is_computed():
    """All in one, because a database for each would take a minute."""
    for rule in STRANGE:
        assert audience.count(audience.of_rules(rule, NOW)) in (0, 1), rule


TEXTS = st.text(st.characters(), min_size=1, max_size=12).filter(lambda text: not UNKEEPABLE.search(text))


@settings(database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS, TEXTS)
def test_no_word_is_anything_but_a_word(name, value):
    rule = {"any": [
        {"attribute": name, "op": "equals", "value": value},
        {"attribute": name, "op": "contains", "value": value},
        {"attribute": name, "op": "at_least", "value": 60},
        {"event": name, "where": [{"property": value, "op": "starts_with", "value": value}]},
        {"interest": value},
        {"funnel": "sales", "from": name, "to": value},
        {"orders": "count", "op": "at_least", "value": 1, "category": name},
    ]}  # fmt: skip
    assert audience.count(audience.of_rules(rule, NOW)) == 0


def test_an_interest_is_found_whatever_stands_in_it():
    for word in (
        "C++",
        "a.b",
        "a\\b",
        "(x)",
        "[y]",
        "100%",
        "q?",
        "$",
        "^",
        "a|b",
        "a-b/c",
        "x{2}",
        '"quoted"',
        "漢字",
    ):
        make_customer(attributes={"interest": [word.upper(), "other"]})
        assert audience.count(audience.of_rules({"interest": word}, NOW)) == 1, word


def test_a_segment_that_is_not_there_is_nobody_and_says_so():
    rule = {"all": [{"event": "login"}, {"segment": 999}]}
    problems = keeping.circle(Definition("Mine", "rules", rules=rule), None)
    assert [one.message for one in problems] == ["There is no segment 999."]
    with pytest.raises(Unavailable, match="no segment 999"):
        audience.of_rules(rule, NOW)


def test_a_circle_is_refused_and_never_computed():
    inner = make_rules("Inner", {"event": "login"})
    outer = make_rules("Outer", {"none": [{"segment": inner.id}]})
    round_again = {"any": [{"segment": outer.id}]}
    problems = keeping.circle(Definition("Inner", "rules", rules=round_again), inner.id)
    assert ["Outer" in one.message and "circle" in one.message for one in problems] == [True]
    own = keeping.circle(Definition("Inner", "rules", rules={"segment": inner.id}), inner.id)
    assert len(own) == 1
    inner.rules = round_again
    db.session.commit()
    with pytest.raises(Unavailable, match="contains itself"):
        audience.of(inner, NOW)


def test_rules_that_are_no_longer_understood_are_nobody_and_say_so():
    segment = make_rules("Old", {"event": "login"})
    segment.rules = {"weather": "fine"}
    db.session.commit()
    with pytest.raises(Unavailable, match="weather"):
        audience.of(segment, NOW)
    with pytest.raises(Refused):
        why.of(segment, 1, NOW)
