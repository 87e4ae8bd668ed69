"""Mails of customers who become one, and of those who are forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text, update

from app.audit.actor import COMMAND_LINE
from app.claims import NotYet
from app.customers import erasing as customers
from app.db import db
from app.deliveries import erasing, runs
from app.deliveries.batch import Batch, RunAddress
from app.deliveries.delivery import Delivery
from app.ops import merging
from tests.deliveries import making
from tests.deliveries.making import addresses, adds_up, make_run, make_version, sent
from tests.deliveries.test_sending import killed_after
from tests.factories import NOW, make_customer, make_customers


def merged(survivor, other):
    merging.merge(survivor.id, other.id, [], None, COMMAND_LINE, NOW)
    db.session.commit()
    db.session.expire_all()


def forget(customer):
    person = customers.person(customer)
    customers.empty(customer, datetime.now(UTC))
    db.session.commit()
    done = [*erasing.erase(person)]
    db.session.commit()
    db.session.expire_all()
    return done, person


def test_the_mails_of_both_are_the_survivors(app):
    version = make_version()
    maya, other = make_customers(2)
    first = make_run(version)
    sent()
    merged(maya, other)
    rows = db.session.scalars(select(Delivery).order_by(Delivery.id)).all()
    assert [row.customer_id for row in rows] == [maya.id, maya.id]
    assert len({row.occasion for row in rows}) == 2
    assert (runs.account(first).accepted, adds_up(first)) == (2, True)


def test_who_waited_twice_in_one_run_gets_one_mail(app):
    maya, other = make_customers(2)
    run = make_run()
    merged(maya, other)
    sent()
    assert addresses() == ["p0@posteo.example"]
    assert runs.account(run).skipped == {"duplicate_address": 1}
    assert (run.state, adds_up(run)) == ("finished", True)


def test_who_waited_twice_sealed_gets_one_mail_too(app):
    maya, other = make_customers(2)
    run = make_run()
    killed_after(1)
    merged(maya, other)
    sent()
    assert addresses() == ["p0@posteo.example"]
    assert runs.account(run).skipped == {"duplicate_address": 1}
    assert (run.state, adds_up(run)) == ("finished", True)


def test_who_was_left_out_does_not_keep_the_other_from_it(app):
    maya, other = make_customer(), make_customer(email="maya@posteo.example")
    make_run()
    merged(maya, other)
    sent()
    assert addresses() == ["maya@posteo.example"]


def test_what_waits_for_an_erased_person_is_not_sent(app):
    maya, other = make_customers(2)
    run = make_run()
    done, _ = forget(maya)
    assert done[0] == {"mails": 1}
    sent()
    assert addresses() == ["p1@posteo.example"]
    assert (run.state, runs.account(run).skipped) == ("finished", {"cancelled": 1})
    assert making.delivery_to(other).state == "accepted"


def test_a_sealed_batch_is_sealed_again_without_them(app):
    maya, _ = make_customers(2)
    run = make_run()
    claim = killed_after(1)
    forget(maya)
    held = making.batch()
    assert (held.state, held.payload, held.fence) == ("open", None, claim.fence + 1)
    sent()
    assert addresses() == ["p1@posteo.example"]
    assert adds_up(run)


def test_while_a_mail_to_them_is_on_its_way_it_waits(app):
    maya, _ = make_customers(2)
    make_run()
    killed_after(2)
    with pytest.raises(NotYet):
        forget(maya)
    db.session.rollback()
    sent()
    maya = db.session.merge(maya)
    person = replace(customers.person(maya), emails=["p0@posteo.example"])
    assert next(iter(erasing.erase(person))) == {"mails": 1}


def test_their_address_their_facts_and_the_words_of_the_provider_go(app):
    maya, other = make_customers(2)
    run = make_run()
    sent()
    db.session.execute(
        update(Delivery).values(facts={"city": "Oslo"}, state="failed", reason="No mailbox P0@posteo.example here")
    )
    db.session.commit()
    forget(maya)
    theirs, others = making.delivery_to(maya), making.delivery_to(other)
    assert (theirs.email, theirs.facts, theirs.reason) == (None, None, "erased")
    assert (others.email, others.facts, others.reason) == ("p1@posteo.example", {"city": "Oslo"}, "erased")
    assert addresses() == ["p1@posteo.example"]
    assert [one.email_folded for one in db.session.scalars(select(RunAddress))] == ["p1@posteo.example"]
    assert adds_up(run)


def test_what_is_known_of_a_person_holds_their_mails(app):
    maya, _ = make_customers(2)
    make_run()
    sent()
    known = erasing.export(customers.person(maya))["deliveries"]
    said = [(one["run"], one["email"], one["state"]) for one in known]
    assert said == [("Open day", "p0@posteo.example", "accepted")]


def test_an_erasure_takes_the_batch_before_the_mails(app):
    """The order in which everybody takes them: nobody waits for the other in a circle."""
    maya, _ = make_customers(2)
    make_run()
    killed_after(1)
    held = db.session.execute(text(erasing.HELD), {"ids": [maya.id], "emails": []}).all()
    assert [row.id for row in held] == list(db.session.scalars(select(Batch.id)))
