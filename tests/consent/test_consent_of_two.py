"""Consent where two meet: two customers who become one, two who say something in the same moment."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from app.audit import Actor
from app.consent import preferences
from app.consent.statements import Statement, hear
from app.db import db
from app.ops import merging
from app.settings import topics
from tests.factories import make_customer, make_customers

NOW = datetime(2026, 11, 3, 10, tzinfo=UTC)
ADA = Actor("user", None, "Ada")


def said(customer, is_given, source="page", hour=0, topic="newsletter"):
    at = NOW + timedelta(hours=hour)
    return Statement(customer.id, topics.id_of(topic), is_given, source, "test", at)


def merged(survivor, other):
    db.session.commit()
    return merging.merge(survivor.id, other.id, [], None, ADA, NOW)


def test_who_withdrew_as_one_of_two_stays_out_as_both(app):
    kept, other = make_customer(email="a@mail.example"), make_customer(email="b@mail.example")
    hear([said(kept, True, "api", 5), said(other, False, "page", 1)])
    survivor = merged(kept, other)
    assert not preferences.as_said(survivor.id)["newsletter"]
    assert [one.is_given for one in preferences.history(survivor.id)] == [True, False]


def test_a_later_own_word_of_one_counts_for_both(app):
    kept, other = make_customer(email="family@mail.example"), make_customer(email="Family@mail.example")
    hear([said(kept, False, "page", 1)])
    hear([said(other, True, "form", 5)])
    assert preferences.as_said(merged(kept, other).id)["newsletter"]


def test_an_address_that_said_no_stays_closed_whatever_was_said_at_the_other(app):
    kept, other = make_customer(email="a@mail.example"), make_customer(email="b@mail.example")
    hear([said(kept, False, "page", 1), said(other, True, "form", 5)])
    assert not preferences.as_said(merged(kept, other).id)["newsletter"]


def test_the_longer_pause_and_the_stricter_beginning_hold_for_both(app):
    kept, other = make_customer(email="a@mail.example"), make_customer(email="b@mail.example")
    preferences.pause(other.id, NOW)
    db.session.execute(text("UPDATE customers SET asks_first = true WHERE id = :id"), {"id": other.id})
    survivor = merged(kept, other)
    assert preferences.paused_until(survivor.id, NOW) == NOW + preferences.PAUSE
    assert not preferences.as_said(survivor.id)["newsletter"]


def test_sets_that_name_the_same_people_in_opposite_order_never_wait_in_a_circle(app):
    people = make_customers(60)
    ids, errors = [one.id for one in people], []
    topic = topics.id_of("newsletter")
    db.session.rollback()

    def speak(order, is_given, hour):
        with app.app_context():
            try:
                at = NOW + timedelta(hours=hour)
                hear([Statement(one, topic, is_given, "page", "test", at) for one in order])
                db.session.commit()
            except Exception as error:
                errors.append(error)

    both = [
        threading.Thread(target=speak, args=(ids, False, 1)),
        threading.Thread(target=speak, args=(ids[::-1], True, 2)),
    ]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert errors == []
    assert {preferences.as_said(one)["newsletter"] for one in ids} == {True}
