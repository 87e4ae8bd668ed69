"""What somebody's SQL or function answered becomes people: each once, and only customers of ours."""

from __future__ import annotations

import pytest

from app.audit.actor import SYSTEM
from app.db import db
from app.ops import erasing, merging
from app.segments import answers
from app.segments.answers import Answer
from tests.factories import NOW, make_customer, make_customers


@pytest.fixture(autouse=True)
def _app(app):
    """Every test is on a clean database."""


def test_customers_are_taken_as_they_are():
    maya, jo = make_customers(2)
    answer = answers.settled([jo.id, maya.id])
    assert sorted(answer.ids) == [maya.id, jo.id]
    assert answer.dropped == 0


def test_nothing_is_nobody():
    make_customer()
    assert answers.settled([]) == Answer([])


def test_whoever_is_said_twice_comes_once():
    maya, jo = make_customers(2)
    answer = answers.settled([maya.id, jo.id, maya.id, maya.id])
    assert sorted(answer.ids) == [maya.id, jo.id]
    assert (answer.duplicates, answer.nulls, answer.strangers) == (2, 0, 0)


def test_null_is_dropped_and_counted():
    maya = make_customer()
    assert answers.settled([None, maya.id, None]) == Answer([maya.id], nulls=2)
    assert answers.settled([None]) == Answer([], nulls=1)


def test_whoever_is_no_customer_is_dropped_and_counted():
    maya = make_customer()
    assert answers.settled([maya.id, maya.id + 1000]) == Answer([maya.id], strangers=1)


@pytest.mark.parametrize("odd", ["7", "", True, False, 1.0, b"7", (7,), 0, -1, 2**63, 2**200, -(2**63), "abc' OR 1=1"])
def test_what_cannot_be_an_id_is_a_stranger(odd):
    maya = make_customer()
    answer = answers.settled([odd, maya.id])
    assert (answer.ids, answer.dropped, answer.strangers) == ([maya.id], 1, 1)


def test_a_text_that_looks_like_an_id_is_none():
    maya = make_customer()
    assert answers.settled([str(maya.id), f"{maya.id}"]).ids == []


def test_all_that_was_said_is_accounted_for():
    maya, jo = make_customers(2)
    raw = [maya.id, maya.id, jo.id, None, None, "x", 10**12, 10**12, True, -5]
    answer = answers.settled(raw)
    assert len(answer.ids) + answer.dropped == len(raw)


def test_whoever_was_erased_is_nobody():
    gone, here = make_customers(2)
    erasing.begin(gone.id, SYSTEM)
    db.session.commit()
    assert answers.settled([gone.id, here.id]) == Answer([here.id], strangers=1)


def test_whoever_became_one_with_another_is_not_named_by_the_old_id():
    kept, merged = make_customer("Maya", lms_lead_id="L-1"), make_customer("Maya", email="maya@posteo.example")
    old = merged.id
    merging.merge(kept.id, old, (), None, SYSTEM, NOW)
    db.session.commit()
    assert answers.settled([kept.id, old]) == Answer([kept.id], strangers=1)


def test_a_hundred_thousand_ids_that_nobody_has():
    maya = make_customer()
    answer = answers.settled([maya.id, *range(10**9, 10**9 + 100_000)])
    assert (answer.ids, answer.strangers) == ([maya.id], 100_000)
