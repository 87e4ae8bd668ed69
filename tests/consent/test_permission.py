"""Who may be written to, by purpose and topic, and why not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.audit import Actor
from app.consent import forgotten, permission, preferences, suppressions
from app.consent.preferences import Word
from app.consent.suppressions import Incoming, MayNotBeLifted
from app.db import db
from app.settings import topics
from tests.factories import make_customer

NOW = datetime(2026, 11, 3, 10, tzinfo=UTC)
ADA = Actor("user", None, "Ada")


def may(customer, purpose="promotional", topic="promotional", now=NOW):
    return permission.refusals([customer.id], purpose, topic, now)[customer.id]


def says(customer, topic, is_given, source="page", hour=0):
    word = Word(source, "test", NOW + timedelta(hours=hour))
    preferences.say(customer.id, {topics.id_of(topic): is_given}, word)


def suppress(email, reason="manual", at=NOW):
    return suppressions.put_many([Incoming(0, email, reason, at)], "test")


def test_everyone_with_an_address_may_be_written_to(app):
    assert may(make_customer(email="maya@mail.example")) is None


def test_without_an_address_nobody_gets_anything(app):
    assert may(make_customer(email=None), "transactional", None) == "no_address"
    assert may(make_customer(email="maya@nowhere"), "transactional", None) == "bad_address"


def test_a_topic_says_no_for_itself_alone(app):
    customer = make_customer(email="maya@mail.example")
    says(customer, "promotional", False)
    assert may(customer) == "unsubscribed"
    assert may(customer, topic="newsletter") is None
    assert may(customer, "transactional", None) is None


def test_the_master_says_no_for_all_topics_but_not_for_receipts(app):
    customer = make_customer(email="maya@mail.example")
    says(customer, "marketing", False)
    assert [may(customer, topic=slug) for slug in ("promotional", "newsletter", "browse")] == ["unsubscribed"] * 3
    assert may(customer, "informational", None) == "unsubscribed"
    assert may(customer, "transactional", None) is None


@pytest.mark.parametrize("reason", ["hard_bounce", "complaint", "manual"])
def test_a_suppressed_address_gets_nothing_at_all(app, reason):
    customer = make_customer(email="Maya@Mail.example")
    suppress("maya@mail.EXAMPLE ", reason)
    assert may(customer) == may(customer, "transactional", None) == "suppressed"


def test_a_pause_holds_until_its_end(app):
    customer = make_customer(email="maya@mail.example")
    preferences.pause(customer.id, NOW)
    assert may(customer) == "unsubscribed"
    assert may(customer, "transactional", None) is None
    assert may(customer, now=NOW + timedelta(days=31)) is None


def test_who_came_while_the_team_asked_first_gets_only_what_they_asked_for(app):
    customer = make_customer(email="maya@mail.example")
    db.session.execute(text("UPDATE customers SET asks_first = true"))
    assert may(customer) == "unsubscribed"
    says(customer, "promotional", True)
    assert may(customer) is None
    assert may(customer, topic="newsletter") == "unsubscribed"


def test_a_topic_on_request_goes_to_nobody_who_did_not_ask(app):
    customer = make_customer(email="maya@mail.example")
    topic = topics.find(topics.id_of("newsletter"))
    topic.is_on = False
    db.session.flush()
    assert may(customer, topic="newsletter") == "unsubscribed"
    says(customer, "newsletter", True, "api")
    assert may(customer, topic="newsletter") is None


def test_an_unknown_topic_or_purpose_stops_everything(app):
    customer = make_customer(email="maya@mail.example")
    with pytest.raises(permission.UnknownTopic):
        may(customer, topic="nonsense")
    with pytest.raises(ValueError, match="purpose"):
        may(customer, purpose="fun")


def test_an_erased_persons_address_stays_closed_until_its_owner_says_otherwise(app):
    db.session.execute(
        text("INSERT INTO forgotten_addresses (address_hash, withdrawn_at) VALUES (:hash, :at)"),
        {"hash": forgotten.hashed("maya@mail.example"), "at": NOW},
    )
    customer = make_customer(email="Maya@mail.example")
    assert may(customer) == "unsubscribed"
    assert may(customer, "transactional", None) is None
    assert not preferences.as_said(customer.id)["marketing"]
    says(customer, "marketing", True, "api", 5)
    assert may(customer) == "unsubscribed"
    says(customer, "marketing", True, "form", 5)
    assert may(customer) is None


def test_a_forgotten_complaint_still_stops_all_mail(app):
    db.session.execute(
        text("INSERT INTO forgotten_addresses VALUES (:hash, :at, NULL, :at, NULL)"),
        {"hash": forgotten.hashed("maya@mail.example"), "at": NOW},
    )
    assert may(make_customer(email="maya@mail.example"), "transactional", None) == "suppressed"


def test_the_counts_are_those_of_the_same_predicate(app):
    for n in range(3):
        make_customer(email=f"person{n}@mail.example")
    make_customer(email=None)
    suppress("person1@mail.example")
    assert permission.counted("promotional", "promotional", NOW) == {None: 2, "suppressed": 1, "no_address": 1}
    assert permission.permitted("promotional", "promotional", NOW) == 2


def test_only_a_reason_lifts_a_suppression_and_for_a_complaint_only_the_person(app):
    customer = make_customer(email="maya@mail.example")
    suppress("maya@mail.example", "complaint")
    found = suppressions.of_address("Maya@mail.example")
    for reason in ("", "they called us"):
        with pytest.raises(MayNotBeLifted):
            suppressions.lift(found, reason, ADA)
    says(customer, "marketing", True, "form", 2)
    suppressions.lift(found, "they signed up again", ADA)
    assert may(customer) is None


def test_the_same_suppression_again_changes_nothing(app):
    done = [suppress("maya@mail.example"), suppress("maya@mail.example"), suppress("maya@mail.example", "complaint")]
    assert [(one.created, one.updated, one.unchanged) for one in done] == [(1, 0, 0), (0, 0, 1), (0, 1, 0)]
    refused = suppress("no address")
    assert [one.code for one in refused.rejects] == ["bad_value"]
