"""Whoever says what, in whatever order: one set of statements leads to one place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.consent import preferences, statements
from app.consent.consent import OWN, SOURCES, Consent
from app.consent.statements import Statement, hear
from app.db import db
from app.settings import topics
from tests.factories import make_customer

START = datetime(2026, 10, 1, 9, tzinfo=UTC)


def said(customer, is_given, source="api", hour=0, topic="newsletter"):
    at = START + timedelta(hours=hour)
    return Statement(customer.id, topics.id_of(topic), is_given, source, "test", at, shown="as shown")


def stands(customer, topic="newsletter"):
    return preferences.as_said(customer.id)[topic]


def by_the_rules(said_of_one):
    """The contract, once more and plainly: None where nobody said anything."""
    ordered = sorted(said_of_one, key=lambda one: (one.at, not one.is_given))
    own = [one for one in ordered if one.source in OWN]
    if own and not own[-1].is_given:
        return False
    return ordered[-1].is_given if ordered else None


WORDS = st.lists(st.tuples(st.booleans(), st.sampled_from(SOURCES), st.integers(0, 4)), max_size=7)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=WORDS, data=st.data())
def test_any_order_of_statements_from_any_source_gives_one_state(app, words, data):
    first, second = make_customer(email="one@mail.example"), make_customer(email="two@mail.example")
    shuffled = data.draw(st.permutations(words))
    hear([said(first, *word) for word in words])
    for word in shuffled:
        hear([said(second, *word)])
    expected = by_the_rules([said(first, *word) for word in words])
    assert stands(first) == stands(second) == (True if expected is None else expected)
    db.session.rollback()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=WORDS)
def test_where_people_stand_can_be_reckoned_from_the_proofs_alone(app, words):
    customer = make_customer(email="one@mail.example")
    hear([said(customer, *word) for word in words])
    before = stands(customer)
    statements.reckon([customer.id])
    assert stands(customer) == before
    db.session.rollback()


def test_nobody_else_lifts_what_somebody_withdrew_for_themselves(app):
    customer = make_customer(email="maya@mail.example")
    hear([said(customer, False, "page", 1)])
    heard = [hear([said(customer, True, source, 5)]) for source in ("api", "import", "hand")]
    assert [one.held for one in heard] == [1, 1, 1]
    assert not stands(customer)
    hear([said(customer, True, "form", 9)])
    assert stands(customer)


def test_an_older_statement_never_beats_a_newer_one(app):
    customer = make_customer(email="maya@mail.example")
    hear([said(customer, False, "api", 5)])
    hear([said(customer, True, "import", 1)])
    assert not stands(customer)


def test_the_same_statement_again_is_no_second_proof(app):
    customer = make_customer(email="maya@mail.example")
    heard = [hear([said(customer, False, "page")]).stated for _ in range(2)]
    assert heard == [1, 0]
    assert len(preferences.history(customer.id)) == 1


def test_an_own_word_binds_the_address_and_whoever_has_it_later(app):
    customer = make_customer(email="Family@mail.example")
    hear([said(customer, False, "page")])
    sister = make_customer(email="family@MAIL.example")
    assert not stands(sister)
    hear([said(sister, True, "page", 3)])
    assert stands(sister)
    assert not stands(customer)  # what she withdrew for herself is not her sister's to give


def test_what_others_say_of_a_person_binds_no_address(app):
    customer = make_customer(email="family@mail.example")
    hear([said(customer, False, "api")])
    assert stands(make_customer(email="family@mail.example"))


def test_a_proof_can_neither_be_changed_nor_deleted(app):
    customer = make_customer(email="maya@mail.example")
    hear([said(customer, False, "page")])
    db.session.commit()
    for statement in ("UPDATE consents SET is_given = true", "DELETE FROM consents"):
        with pytest.raises(IntegrityError):
            db.session.execute(text(statement))
        db.session.rollback()
    assert db.session.query(Consent).count() == 1
