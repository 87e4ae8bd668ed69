"""The grammar of rules: all of it is read, and whatever is not of it is refused with a path and a sentence."""

from __future__ import annotations

import json
import os
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.segments import fields, rules, sentence, words
from app.segments.rules import Known, Refused
from app.spans import Duration

TYPES = {
    "score": "numeric",
    "city": "string",
    "is_student": "boolean",
    "birthday": "date",
    "paid_at": "timestamp",
    "interest": "array",
}
KNOWN = Known(ZoneInfo("Europe/Berlin"), TYPES)
LONG = int(os.environ.get("LONG", "0"))

UNDERSTOOD = [
    {"field": "email", "op": "ends_with", "value": "@posteo.example"},
    {"field": "email", "op": "in", "value": ["a@b.example", "c@d.example"]},
    {"field": "created_date", "op": "between", "value": ["2024-10-22", "2026-10-22T10:04:00+02:00"]},
    {"field": "created_date", "op": "not_within_last", "value": "48h"},
    {"field": "mobile", "op": "exists"},
    {"field": "id", "op": "not_in", "value": [1, 2]},
    {"field": "email", "op": "changed_within", "value": "7d"},
    {"attribute": "score", "op": "at_least", "value": 60},
    {"attribute": "score", "op": "between", "value": [0, 0]},
    {"attribute": "score", "op": "not_equals", "value": 1.5},
    {"attribute": "is_student", "op": "equals", "value": True},
    {"attribute": "birthday", "op": "equals", "value": "2001-02-03"},
    {"attribute": "birthday", "op": "before", "value": "2001-02-03"},
    {"attribute": "paid_at", "op": "after", "value": "2026-10-22T10:04:00"},
    {"attribute": "interest", "op": "contains_any", "value": ["festivals", "sound"]},
    {"attribute": "interest", "op": "contains_all", "value": ["festivals"]},
    {"attribute": "nobody has it yet", "op": "contains", "value": "x"},
    {"attribute": "score", "op": "not_exists", "value": None},
    {"attribute": "score", "op": "changed_within", "value": "15m"},
    {"event": "login"},
    {"event": "login", "times": {"at_least": 3}, "within": {"last": "30d"}},
    {"event": "login", "times": {"exactly": 0}, "within": {"from": "2026-10-01", "to": "2026-10-31"}},
    {"event": "login", "times": {"at_most": 2}, "within": {"since": "last_run"}},
    {"event": "login", "within": {"from": "2026-10-01T00:00:00Z"}},
    {"event": "order_completed", "where": [{"property": "total", "op": "at_least", "value": 40000}]},
    {"event": "order_completed", "where": [{"property": "code", "value": "X"}, {"property": "code", "op": "exists"}]},
    {"streak": "login", "days": 10, "starting": "signup"},
    {"streak": "login", "days": 10, "starting": "any"},
    {"streak": "login", "days": 1},
    {"nth": {"event": "order_completed", "n": 2}, "within": "7d", "of_n": 1},
    {"nth": {"event": "order_completed", "n": 2, "where": [{"property": "total", "op": "exists"}]}, "within": "7d"},
    {"sequence": ["kyc_done", "loan_requested"], "within": "48h"},
    {"event": "checkout_started", "within": {"last": "7d"}, "not_followed_by": "order_completed", "for": "24h"},
    {"event": "checkout_started", "not_followed_by": "order_completed"},
    {"last": {"event": "order_completed"}, "where": [{"property": "total", "op": "at_least", "value": 40000}]},
    {"funnel": "sales", "in_stage": "applied", "for": "7d"},
    {"funnel": "service-delivery", "in_stage": "enrolled"},
    {"funnel": "sales", "from": "applied", "to": "enrolled", "within": {"last": "30d"}},
    {"funnel": "sales", "to": "enrolled"},
    {"mail": "sent"},
    {"mail": "opened", "automation": 3, "template": 4, "times": {"at_least": 2}, "within": {"last": "90d"}},
    {"mail": "clicked"},
    {"mail": "converted"},
    {"orders": "spent", "op": "at_least", "value": 20000, "category": "books", "within": {"last": "90d"}},
    {"orders": "count", "op": "between", "value": [1, 3]},
    {"cart": "idle", "for": "24h"},
    {"interest": "festivals"},
    {"consent": "newsletter"},
    {"consent": "newsletter", "is": "not_given"},
    {"segment": 12},
    {"all": [{"any": [{"event": "login"}, {"none": [{"segment": 1}]}]}, {"interest": "sound"}]},
]


@pytest.mark.parametrize("raw", UNDERSTOOD, ids=json.dumps)
def test_what_the_contract_shows_is_understood_and_said(raw):
    rule = rules.read(raw, KNOWN)
    assert _said(rule).startswith("Customers ")


@pytest.mark.parametrize("kind", fields.KINDS.values(), ids=lambda kind: kind.name)
def test_the_example_of_each_kind_is_of_that_kind(kind):
    rule = rules.read(dict(kind.example), KNOWN)
    assert isinstance(rule, rules.Condition)
    assert rule.kind is kind


def test_parts_are_read_into_what_they_mean():
    rule = rules.read({"funnel": "sales", "in_stage": "applied", "for": "7d"}, KNOWN)
    assert rule.said == {"funnel": "sales", "in_stage": "applied", "for": Duration(7, "d")}


LOGIN = {"event": "login"}


def _nested(depth):
    raw = LOGIN
    for _ in range(depth):
        raw = {"all": [raw]}
    return raw


REFUSED = [
    # What is no rule at all.
    (None, "", "group"),
    ([], "", "group"),
    ("event", "", "group"),
    (True, "", "group"),
    ({}, "", "nothing"),
    ({"evnt": "login"}, "", "evnt"),
    ({"": 1}, "", "known"),
    # Groups.
    ({"all": []}, "all", "at least one"),
    ({"any": {}}, "any", "list"),
    ({"none": None}, "none", "list"),
    ({"all": [LOGIN, 7]}, "all[1]", "group"),
    ({"all": [LOGIN], "any": [LOGIN]}, "all", "any"),
    ({"all": [LOGIN], "event": "login"}, "all", "event"),
    ({"any": [LOGIN, {"none": []}]}, "any[1].none", "at least one"),
    (_nested(11), ".".join(["all[0]"] * 10 + ["all"]), "10 deep"),
    ({"all": [LOGIN] * 101}, "all", "100"),
    ({"all": [{"any": [LOGIN] * 60}, {"any": [LOGIN] * 41}]}, "", "100"),
    # Words that are not known, at every level.
    ({**LOGIN, "wihtin": {"last": "7d"}}, "wihtin", "not known"),
    ({**LOGIN, "within": {"lst": "7d"}}, "within", "looks like"),
    ({**LOGIN, "times": {"at_lest": 3}}, "times", "at_least"),
    ({**LOGIN, "where": [{"property": "a", "op": "exists", "vaule": 1}]}, "where[0].vaule", "not known"),
    ({"nth": {"event": "a", "n": 2, "m": 1}, "within": "7d"}, "nth.m", "not known"),
    ({"last": {"event": "a", "n": 1}, "where": []}, "last.n", "not known"),
    ({"attribute": "score", "op": "roughly", "value": 3}, "op", "roughly"),
    ({"field": "shoe_size", "op": "exists"}, "field", "one of"),
    ({"funnel": "marketing", "in_stage": "a"}, "funnel", "sales"),
    ({"mail": "bounced"}, "mail", "sent"),
    ({"orders": "weight", "op": "at_least", "value": 1}, "orders", "spent"),
    ({"cart": "full", "for": "1h"}, "cart", "idle"),
    ({"streak": "login", "days": 3, "starting": "monday"}, "starting", "signup"),
    ({"consent": "newsletter", "is": "maybe"}, "is", "given"),
    # Parts that are missing.
    ({"attribute": "score"}, "op", "needed"),
    ({"attribute": "score", "op": "at_least"}, "value", "needed"),
    ({"attribute": "score", "op": "at_least", "value": None}, "value", "needed"),
    ({"streak": "login"}, "days", "needed"),
    ({"nth": {"event": "a", "n": 2}}, "within", "needed"),
    ({"nth": {"n": 2}, "within": "7d"}, "nth.event", "text"),
    ({"nth": {"event": "a"}, "within": "7d"}, "nth.n", "whole"),
    ({"sequence": ["a", "b"]}, "within", "needed"),
    ({"sequence": ["a"], "within": "7d"}, "sequence", "2 to 5"),
    ({"sequence": ["a"] * 6, "within": "7d"}, "sequence", "2 to 5"),
    ({"last": {"event": "a"}}, "where", "needed"),
    ({"funnel": "sales"}, "", "from"),
    ({"cart": "idle"}, "for", "needed"),
    ({"orders": "spent"}, "op", "needed"),
    ({"orders": "spent", "op": "at_least"}, "value", "needed"),
    ({**LOGIN, "where": [{"op": "exists"}]}, "where[0].property", "text"),
    ({**LOGIN, "not_followed_by": None}, "not_followed_by", "text"),
    # Types that do not fit.
    ({"event": 7}, "event", "text"),
    ({"event": ""}, "event", "empty"),
    ({"event": ["login"]}, "event", "text"),
    ({**LOGIN, "within": "30d"}, "within", "looks like"),
    ({**LOGIN, "within": None}, "within", "looks like"),
    ({**LOGIN, "within": {}}, "within", "looks like"),
    ({**LOGIN, "within": {"last": "7d", "from": "2026-10-22"}}, "within", "one of"),
    ({**LOGIN, "within": {"since": "yesterday"}}, "within", "one of"),
    ({**LOGIN, "within": {"from": "soon"}}, "within", "day"),
    ({**LOGIN, "within": {"from": "2026-10-22", "to": "2026-10-21"}}, "within", "ends before"),
    ({**LOGIN, "within": {"from": "2026-02-30"}}, "within", "day"),
    ({**LOGIN, "times": 3}, "times", "looks like"),
    ({**LOGIN, "times": {"at_least": 3, "at_most": 4}}, "times", "looks like"),
    ({**LOGIN, "times": {"at_least": True}}, "times", "whole"),
    ({**LOGIN, "times": {"at_least": 3.0}}, "times", "whole"),
    ({**LOGIN, "times": {"at_least": -1}}, "times", "whole"),
    ({**LOGIN, "times": {"at_least": 10**9}}, "times", "whole"),
    ({**LOGIN, "where": {"property": "a"}}, "where", "list"),
    ({**LOGIN, "where": ["a"]}, "where[0]", "looks like"),
    ({**LOGIN, "where": [{"property": "a", "op": "exists"}] * 21}, "where", "20"),
    ({**LOGIN, "where": [{"property": "a", "op": []}]}, "where[0].op", "comparison"),
    ({**LOGIN, "where": [{"property": "a", "op": "changed_within", "value": "7d"}]}, "where[0].op", "comparison"),
    ({"segment": "12"}, "segment", "id"),
    ({"segment": True}, "segment", "id"),
    ({"segment": 0}, "segment", "id"),
    ({"segment": 2**63}, "segment", "id"),
    ({"streak": "login", "days": True}, "days", "whole"),
    ({"streak": "login", "days": 0}, "days", "whole"),
    ({"streak": "login", "days": 401}, "days", "whole"),
    ({"nth": "order_completed", "within": "7d"}, "nth", "looks like"),
    ({"nth": {"event": "a", "n": 1}, "within": "7d"}, "nth.n", "whole"),
    ({"nth": {"event": "a", "n": 2}, "within": "7d", "of_n": 2}, "of_n", "before"),
    ({"sequence": "login", "within": "7d"}, "sequence", "list"),
    ({"sequence": ["a", 5], "within": "7d"}, "sequence", "text"),
    ({"last": "login", "where": []}, "last", "looks like"),
    ({"interest": ["festivals"]}, "interest", "text"),
    ({"mail": "sent", "automation": "3"}, "automation", "id"),
    # Comparisons that make no sense for the type, and values that are of another one.
    ({"attribute": "score", "op": "contains", "value": "1"}, "op", "no sense for a numeric"),
    ({"attribute": "is_student", "op": "at_least", "value": 1}, "op", "no sense for a boolean"),
    ({"attribute": "interest", "op": "equals", "value": "x"}, "op", "no sense for a array"),
    ({"field": "email", "op": "at_least", "value": 3}, "op", "no sense for a string"),
    ({"field": "created_date", "op": "contains", "value": "2026"}, "op", "no sense for a timestamp"),
    ({"attribute": "score", "op": []}, "op", "comparison"),
    ({"attribute": "score", "op": {}, "value": 1}, "op", "comparison"),
    ({"attribute": "score", "op": "equals", "value": "60"}, "value", "number"),
    ({"attribute": "score", "op": "equals", "value": True}, "value", "number"),
    ({"attribute": "score", "op": "at_least", "value": True}, "value", "number"),
    ({"attribute": "score", "op": "at_least", "value": "60"}, "value", "number"),
    ({"attribute": "score", "op": "in", "value": [1, "2"]}, "value", "number"),
    ({"attribute": "score", "op": "in", "value": []}, "value", "list"),
    ({"attribute": "score", "op": "in", "value": 1}, "value", "list"),
    ({"attribute": "score", "op": "in", "value": [1] * 1001}, "value", "1,000"),
    ({"attribute": "score", "op": "between", "value": [2, 1]}, "value", "greater"),
    ({"attribute": "score", "op": "between", "value": [1]}, "value", "two"),
    ({"attribute": "score", "op": "exists", "value": 1}, "value", "no value"),
    ({"attribute": "score", "op": "changed_within", "value": 7}, "value", "duration"),
    ({"attribute": "city", "op": "equals", "value": 5}, "value", "text"),
    ({"attribute": "city", "op": "starts_with", "value": ""}, "value", "empty"),
    ({"attribute": "is_student", "op": "equals", "value": "yes"}, "value", "yes or no"),
    ({"attribute": "is_student", "op": "equals", "value": 1}, "value", "yes or no"),
    ({"attribute": "birthday", "op": "after", "value": 2001}, "value", "day"),
    ({"attribute": "birthday", "op": "equals", "value": "3 Feb 2001"}, "value", "day"),
    ({"attribute": "birthday", "op": "between", "value": ["2001-02-04", "2001-02-03"]}, "value", "greater"),
    ({"attribute": "birthday", "op": "within_last", "value": "2001-02-03"}, "value", "duration"),
    ({"attribute": "unknown", "op": "between", "value": [1, "2026-10-22"]}, "value", "both"),
    ({"attribute": "unknown", "op": "equals", "value": {"a": 1}}, "value", "one text"),
    ({"field": "id", "op": "equals", "value": "abc"}, "value", "number"),
    ({"field": "id", "op": "in", "value": [True]}, "value", "number"),
    ({"orders": "spent", "op": "contains", "value": 1}, "op", "one of"),
    ({"orders": "spent", "op": [], "value": 1}, "op", "one of"),
    ({"orders": "spent", "op": "at_least", "value": "much"}, "value", "number"),
    ({"orders": "count", "op": "between", "value": [3, 1]}, "value", "greater"),
    # Numbers and times beyond all reason.
    ({"attribute": "score", "op": "at_least", "value": float("nan")}, "value", "number"),
    ({"attribute": "score", "op": "equals", "value": float("inf")}, "value", "number"),
    ({"attribute": "score", "op": "at_most", "value": 1e100}, "value", "number"),
    ({"attribute": "score", "op": "at_most", "value": 10**400}, "value", "number"),
    ({"orders": "spent", "op": "between", "value": [0, 10**400]}, "value", "number"),
    ({"orders": "spent", "op": "equals", "value": float("nan")}, "value", "number"),
    ({"cart": "idle", "for": "0h"}, "for", "duration"),
    ({"cart": "idle", "for": "-1h"}, "for", "duration"),
    ({"cart": "idle", "for": "1.5h"}, "for", "duration"),
    ({"cart": "idle", "for": "7 d"}, "for", "duration"),
    ({"cart": "idle", "for": "7w"}, "for", "duration"),
    ({"cart": "idle", "for": 24}, "for", "duration"),
    ({"cart": "idle", "for": "٧d"}, "for", "duration"),
    ({"cart": "idle", "for": "999999999d"}, "for", "duration"),
    ({"cart": "idle", "for": "36501d"}, "for", "hundred years"),
    ({"field": "created_date", "op": "before", "value": "0001-01-01"}, "value", "day"),
    ({"field": "created_date", "op": "before", "value": "0001-01-01T00:00:00+14:00"}, "value", "day"),
    ({"field": "created_date", "op": "before", "value": "9999-12-31"}, "value", "day"),
    ({"field": "created_date", "op": "before", "value": "9999-12-31T23:59:59-12:00"}, "value", "day"),
]


@pytest.mark.parametrize(("raw", "path", "said"), REFUSED, ids=[str(n) for n in range(len(REFUSED))])
def test_what_is_wrong_is_named_with_its_place(raw, path, said):
    problem = _refused(raw)[0]
    assert (problem.path, said.lower() in problem.message.lower()) == (path, True), problem


UNKEEPABLE = ["a\0b", "\ud800", "x" * 2_000]
WITH_TEXT = {
    "event": lambda bad: {"event": bad},
    "attribute": lambda bad: {"attribute": bad, "op": "exists"},
    "value": lambda bad: {"field": "email", "op": "contains", "value": bad},
    "where[0].property": lambda bad: {**LOGIN, "where": [{"property": bad, "op": "exists"}]},
    "where[0].value": lambda bad: {**LOGIN, "where": [{"property": "a", "value": bad}]},
    "streak": lambda bad: {"streak": bad, "days": 2},
    "nth.event": lambda bad: {"nth": {"event": bad, "n": 2}, "within": "7d"},
    "nth.where[0].value": lambda bad: {
        "nth": {"event": "a", "n": 2, "where": [{"property": "a", "op": "in", "value": [bad]}]},
        "within": "7d",
    },
    "sequence": lambda bad: {"sequence": ["a", bad], "within": "7d"},
    "not_followed_by": lambda bad: {**LOGIN, "not_followed_by": bad},
    "last.event": lambda bad: {"last": {"event": bad}, "where": []},
    "in_stage": lambda bad: {"funnel": "sales", "in_stage": bad},
    "from": lambda bad: {"funnel": "sales", "from": bad},
    "to": lambda bad: {"funnel": "sales", "to": bad},
    "category": lambda bad: {"orders": "count", "op": "at_least", "value": 1, "category": bad},
    "interest": lambda bad: {"interest": bad},
    "consent": lambda bad: {"consent": bad},
}


@pytest.mark.parametrize("path", WITH_TEXT)
@pytest.mark.parametrize("bad", UNKEEPABLE, ids=["NUL", "half a character", "too long"])
def test_no_text_holds_what_cannot_be_kept(path, bad):
    assert [one.path for one in _refused(WITH_TEXT[path](bad))] == [path]


def test_everything_that_is_wrong_is_said_at_once():
    raw = {"all": [{"event": 5}, {"any": [{"cart": "idle"}, {"segment": -1}]}, LOGIN, {"bogus": 1}]}
    assert [one.path for one in _refused(raw)] == [
        "all[0].event",
        "all[1].any[0].for",
        "all[1].any[1].segment",
        "all[3]",
    ]


def test_as_many_and_as_deep_as_is_allowed_is_understood():
    assert len(rules.conditions(rules.read({"all": [LOGIN] * 100}, KNOWN))) == 100
    assert len(rules.conditions(rules.read(_nested(10), KNOWN))) == 1


def test_what_is_said_of_half_a_character_can_be_written():
    for raw in ({"\ud800": 1}, {**LOGIN, "\ud800": 1}, {"attribute": "a", "op": "\ud800"}):
        for problem in _refused(raw):
            f"{problem.path}{problem.message}".encode()


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(
        ["7d", "2026-10-22", "exists", "equals", "in", "between", "given", "idle", "sales", 10**400, "\0"]
    )
)
WORDS = st.sampled_from(
    sorted(
        {
            *rules.GROUPS,
            "n",
            "property",
            "last",
            "since",
            "at_least",
            *(w for k in fields.KINDS.values() for w in k.names),
        }
    )
) | st.text(max_size=4)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5), max_leaves=25
)
MUTATED = st.sampled_from(UNDERSTOOD).flatmap(
    lambda raw: st.tuples(st.just(raw), st.sampled_from([*raw]), JSON).map(lambda it: {**it[0], it[1]: it[2]})
)
ATTEMPTS = settings(max_examples=4_000 if LONG else 100, suppress_health_check=[HealthCheck.too_slow], database=None)


@ATTEMPTS
@given(JSON | st.dictionaries(WORDS, JSON, min_size=1, max_size=5) | MUTATED)
def test_whatever_is_sent_is_understood_or_refused_with_a_sentence(raw):
    try:
        said = [_said(rules.read(raw, KNOWN))]
    except Refused as refused:
        said = [one.message for one in refused.problems]
    assert all(said)
    assert "".join(said).encode()


def _said(rule):
    """Other segments are said by their names, which are in the database."""
    return "Customers there" if rules.segments_in(rule) else words.plain(sentence.of(rule))


def _refused(raw):
    with pytest.raises(Refused) as refused:
        rules.read(raw, KNOWN)
    return refused.value.problems
