"""Customers as other systems publish them: found, adopted, created, changed; in sets exactly as one at a time."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from app.customers.alias import CustomerAlias
from app.customers.ambiguous_item import AmbiguousItem
from app.customers.attributes import AttributeChange
from app.customers.customer import Customer
from app.customers.incoming import Incoming, Source
from app.customers.upsert import upsert_many
from app.db import db
from tests.factories import NOW, make_customer

LMS = Source("LMS (API)")


def person(index: int = 0, attributes: dict[str, Any] | None = None, customer_id: int | None = None, **columns: Any):
    return Incoming(index, customer_id, columns, attributes or {})


def publish(*people: Incoming, now: datetime = NOW, source: Source = LMS):
    tally, upserted = upsert_many(people, source, now)
    db.session.commit()
    db.session.expire_all()
    return tally, upserted


def counts(tally) -> tuple[int, int, int, int]:
    return tally.created, tally.updated, tally.unchanged, len(tally.rejects)


def everybody() -> list[tuple[Any, ...]]:
    rows = db.session.execute(
        select(Customer.lms_lead_id, Customer.email, Customer.first_name, Customer.attributes).order_by(
            Customer.lms_lead_id, Customer.email, Customer.first_name
        )
    )
    return [tuple(row) for row in rows]


def history(customer_id: int) -> list[tuple[Any, ...]]:
    rows = db.session.scalars(
        select(AttributeChange).where(AttributeChange.customer_id == customer_id).order_by(AttributeChange.name)
    )
    return [(row.name, row.is_column, row.old, row.new, row.source) for row in rows]


def test_somebody_new_is_created_with_what_was_said(app):
    tally, upserted = publish(person(lms_lead_id="L1", email="Maya@Posteo.example", attributes={"score": 82}))
    customer = db.session.get_one(Customer, upserted.customer_ids[0])
    assert counts(tally) == (1, 0, 0, 0)
    assert (customer.lms_lead_id, customer.email, customer.attributes) == ("L1", "Maya@Posteo.example", {"score": 82})
    assert (customer.created_date, customer.source) == (NOW, "LMS (API)")
    assert upserted.appeared == [customer.id]
    assert history(customer.id) == []


def test_a_known_lead_id_wins_and_a_new_address_is_a_change(app):
    maya = make_customer(lms_lead_id="L1", email="old@posteo.example")
    make_customer("Other", lms_lead_id="L2", email="new@posteo.example")
    tally, upserted = publish(person(lms_lead_id="L1", email="new@posteo.example"))
    assert counts(tally) == (0, 1, 0, 0)
    assert upserted.customer_ids == [maya.id]
    assert upserted.appeared == [maya.id]
    assert history(maya.id) == [("email", True, "old@posteo.example", "new@posteo.example", "LMS (API)")]


def test_a_new_lead_id_adopts_the_only_customer_of_its_address(app):
    maya = make_customer(email="maya@posteo.example")
    tally, upserted = publish(person(lms_lead_id="L1", email="MAYA@posteo.example"))
    assert upserted.customer_ids == [maya.id]
    assert counts(tally) == (0, 1, 0, 0)
    assert db.session.get_one(Customer, maya.id).lms_lead_id == "L1"


def test_a_new_lead_id_adopts_nobody_when_several_could_be_meant(app):
    make_customer(email="family@posteo.example")
    make_customer("Tom", email="family@posteo.example")
    tally, _ = publish(person(lms_lead_id="L1", email="family@posteo.example"))
    assert counts(tally) == (1, 0, 0, 0)


def test_an_address_of_several_is_refused_and_noted(app):
    make_customer(email="family@posteo.example", lms_lead_id="L1")
    make_customer("Tom", email="family@posteo.example", lms_lead_id="L2")
    tally, upserted = publish(person(7, email="Family@posteo.example", first_name="Who"))
    assert [(r.index, r.code, r.field) for r in tally.rejects] == [(7, "ambiguous", "email")]
    assert upserted.customer_ids == [None]
    assert db.session.scalar(select(AmbiguousItem.email_folded)) == "family@posteo.example"


def test_an_absent_key_leaves_null_clears_and_attributes_merge(app):
    maya = make_customer(lms_lead_id="L1", mobile="+49 1", attributes={"score": 1, "mentor": "Ruiz", "paid": True})
    tally, _ = publish(person(lms_lead_id="L1", mobile=None, attributes={"score": 2, "mentor": None, "unknown": None}))
    found = db.session.get_one(Customer, maya.id)
    assert counts(tally) == (0, 1, 0, 0)
    assert (found.first_name, found.mobile, found.attributes) == ("Maya", None, {"score": 2, "paid": True})
    assert history(maya.id) == [
        ("mentor", False, "Ruiz", None, "LMS (API)"),
        ("mobile", True, "+49 1", None, "LMS (API)"),
        ("score", False, 1, 2, "LMS (API)"),
    ]


def test_the_same_again_changes_nothing_and_writes_nothing(app):
    maya = make_customer(lms_lead_id="L1", email="m@posteo.example", attributes={"tags": ["a", "b"], "score": 2})
    before = db.session.get_one(Customer, maya.id).updated_date
    tally, upserted = publish(
        person(lms_lead_id="L1", email="m@posteo.example", attributes={"score": 2, "tags": ["a", "b"], "none": None}),
        now=NOW + timedelta(days=1),
    )
    assert counts(tally) == (0, 0, 1, 0)
    assert upserted.appeared == []
    assert db.session.get_one(Customer, maya.id).updated_date == before


def test_a_shorter_list_is_a_change(app):
    maya = make_customer(lms_lead_id="L1", attributes={"tags": ["a", "b"]})
    assert counts(publish(person(lms_lead_id="L1", attributes={"tags": ["a"]}))[0]) == (0, 1, 0, 0)
    assert db.session.get_one(Customer, maya.id).attributes == {"tags": ["a"]}


def test_a_customer_id_names_one_and_may_give_the_lead_id_that_is_missing(app):
    maya, tom = make_customer(email="m@posteo.example"), make_customer("Tom", lms_lead_id="L2")
    tally, _ = publish(
        person(0, customer_id=maya.id, lms_lead_id="L1"),
        person(1, customer_id=tom.id, lms_lead_id="L9"),
        person(2, customer_id=maya.id, lms_lead_id="L2"),
        person(3, customer_id=999_999, first_name="Nobody"),
    )
    assert counts(tally) == (0, 1, 0, 3)
    assert [r.code for r in tally.rejects] == ["lead_id_taken", "lead_id_taken", "unknown_customer"]
    assert db.session.get_one(Customer, maya.id).lms_lead_id == "L1"


def test_who_was_merged_is_still_reached_by_both_names(app):
    maya = make_customer(lms_lead_id="L1")
    db.session.add(CustomerAlias(merged_id=777, lms_lead_id="L-old", customer_id=maya.id))
    db.session.commit()
    tally, upserted = publish(person(0, lms_lead_id="L-old", first_name="M"), person(1, customer_id=777, last_name="L"))
    assert upserted.customer_ids == [maya.id, maya.id]
    assert counts(tally) == (0, 2, 0, 0)
    assert db.session.get_one(Customer, maya.id).lms_lead_id == "L1"


def test_rows_of_one_set_meet_each_other(app):
    tally, upserted = publish(
        person(0, email="a@x.example", first_name="A"),
        person(1, lms_lead_id="L1", email="a@x.example", last_name="B"),
        person(2, email="a@x.example", first_name="A"),
        person(3, lms_lead_id="L2", email="a@x.example"),
        person(4, email="a@x.example"),
        person(5, lms_lead_id="L1", attributes={"score": 1}),
        person(6, lms_lead_id="L1", attributes={"score": 1}),
    )
    first, second = upserted.customer_ids[0], upserted.customer_ids[3]
    assert upserted.customer_ids == [first, first, first, second, None, first, first]
    assert counts(tally) == (2, 2, 2, 1)
    assert everybody() == [("L1", "a@x.example", "A", {"score": 1}), ("L2", "a@x.example", None, {})]


LEADS, EMAILS, NAMES = ("L1", "L2", "L3"), ("a@x.example", "B@x.example", "b@x.example"), ("Ann", "Bo", None)
ATTRIBUTES = st.dictionaries(st.sampled_from(("x", "y")), st.sampled_from((1, 2, "t", ["a"], None)), max_size=2)
WHO = st.one_of(
    st.tuples(st.just("lms_lead_id"), st.sampled_from(LEADS)), st.tuples(st.just("email"), st.sampled_from(EMAILS))
)
ITEMS = st.lists(st.tuples(WHO, st.sampled_from(NAMES), st.booleans(), ATTRIBUTES), max_size=9)
# An address that a row changes counts from the next set on; so each lead id keeps its address here.
HOMES = st.fixed_dictionaries({lead: st.sampled_from((None, *EMAILS)) for lead in LEADS})


def forget_everybody() -> None:
    db.session.rollback()
    for table in ("attribute_changes", "customer_aliases", "ambiguous_items", "customers"):
        db.session.execute(text(f"DELETE FROM {table}"))
    db.session.commit()


def as_people(drawn, homes) -> list[Incoming]:
    people = []
    for place, ((key, name), first_name, says_name, attributes) in enumerate(drawn):
        columns: dict[str, Any] = {key: name}
        if homes.get(name):
            columns["email"] = homes[name]
        if says_name:
            columns["first_name"] = first_name
        people.append(Incoming(place, None, columns, attributes))
    return people


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=ITEMS, together=ITEMS, homes=HOMES)
def test_a_set_does_what_its_rows_would_do_one_at_a_time(app, before, together, homes):
    results = []
    for at_once in (True, False):
        forget_everybody()
        for one in as_people(before, homes):
            publish(one)
        people = as_people(together, homes)
        steps = [publish(*people)] if at_once else [publish(one) for one in people]
        sums = [sum(n) for n in zip(*(counts(tally) for tally, _ in steps), strict=True)]
        refused = [reject.index for tally, _ in steps for reject in tally.rejects]
        results.append((sums, refused, everybody()))
    assert results[0] == results[1] or not together


def test_two_at_once_create_one_person(app):
    together = threading.Barrier(4)
    made: list[int] = []

    def publish_it() -> None:
        with app.app_context():
            together.wait()
            tally, _ = publish(person(email="new@x.example"), person(1, lms_lead_id="L5", email="other@x.example"))
            made.append(tally.created)

    threads = [threading.Thread(target=publish_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(made) == 2
    assert len(everybody()) == 2


def test_two_sets_in_opposite_order_do_not_block_each_other(app):
    people = [make_customer(f"P{n}", lms_lead_id=f"L{n}") for n in range(60)]
    ids = [customer.id for customer in people]
    failed: list[BaseException] = []

    def publish_them(turn: int) -> None:
        try:
            with app.app_context():
                for again in range(5):
                    order = ids if turn else ids[::-1]
                    publish(*(person(n, customer_id=one, first_name=f"{turn}{again}") for n, one in enumerate(order)))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=publish_them, args=(turn,)) for turn in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


@pytest.mark.parametrize("said", [datetime(2020, 1, 1, tzinfo=UTC)])
def test_the_day_of_sign_up_may_be_said_later(app, said):
    maya = make_customer(lms_lead_id="L1")
    assert counts(publish(person(lms_lead_id="L1", created_date=said))[0]) == (0, 1, 0, 0)
    assert db.session.get_one(Customer, maya.id).created_date == said
