"""Two customers become one with everything they did; nothing is lost, and later items reach the survivor."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.audit import Actor, Entry
from app.catalogue import carts, orders
from app.customers import ambiguity, who
from app.customers.alias import CustomerAlias
from app.customers.ambiguous_item import AmbiguousItem
from app.customers.attributes import AttributeChange
from app.customers.customer import Customer
from app.customers.incoming import Incoming, Source
from app.customers.merging import CannotMerge
from app.customers.upsert import upsert_many
from app.customers.who import Who
from app.db import db
from app.events.event import Event
from app.events.funnel_event import FunnelEvent
from app.ops import joining, merging
from app.ops.merging import Changed, Settled
from tests.catalogue.buying import LATER, MUG, SHIRT, bring, cart, mail, paid, rows
from tests.events import coming_in
from tests.factories import NOW, make_customer, make_event, make_move

ADA = Actor("user", 1, "Ada")


def merge(survivor: Customer | int, other: Customer | int, *takes: str, stamp: str | None = None) -> Customer:
    ids = [one if isinstance(one, int) else one.id for one in (survivor, other)]
    merged = merging.merge(*ids, takes, stamp, ADA, NOW)
    db.session.commit()
    db.session.expire_all()
    return merged


def history(customer: Customer) -> list[tuple[Any, ...]]:
    found = db.session.query(AttributeChange).filter_by(customer_id=customer.id).order_by(AttributeChange.id)
    return [(row.name, row.is_column, row.old, row.new, row.source) for row in found]


def two(**facts: Any) -> tuple[Customer, Customer]:
    return make_customer(lms_lead_id="L1", **facts), make_customer(lms_lead_id="L2", **facts)


def test_the_survivor_keeps_its_values_and_its_gaps_are_filled(app):
    maya = make_customer(email="maya@posteo.example", mobile=None, attributes={"score": 7, "city": "Oslo"})
    other = make_customer("May", "L", lms_lead_id="L2", mobile="0151", attributes={"score": 9, "likes": ["jazz"]})
    merge(maya, other)
    assert (maya.first_name, maya.email, maya.mobile, maya.lms_lead_id) == ("Maya", "maya@posteo.example", "0151", "L2")
    assert maya.attributes == {"score": 7, "city": "Oslo", "likes": ["jazz"]}
    assert db.session.get(Customer, 2) is None
    source = "merged from customer 2"
    assert sorted(history(maya)) == [
        ("likes", False, None, ["jazz"], source),
        ("lms_lead_id", True, None, "L2", source),
        ("mobile", True, None, "0151", source),
    ]


def test_of_what_differs_the_chosen_value_wins(app):
    maya, other = two(attributes={})
    maya.attributes, other.attributes, other.first_name = {"score": 7}, {"score": 9}, "May"
    db.session.commit()
    merge(maya, other, "first_name", "attributes.score", "lms_lead_id")
    assert (maya.first_name, maya.attributes, maya.lms_lead_id) == ("May", {"score": 9}, "L2")
    assert {(name, old, new) for name, _, old, new, _ in history(maya)} == {
        ("first_name", "Maya", "May"),
        ("score", 7, 9),
        ("lms_lead_id", "L1", "L2"),
    }
    assert [one.id for one in who.find_many([Who(lms_lead_id="L1"), Who(lms_lead_id="L2"), Who(2)])] == [1, 1, 1]


def test_a_long_number_is_moved_digit_by_digit(app):
    maya, other = two()
    db.session.execute(text("UPDATE customers SET attributes = '{\"n\": 12345678901234567890.123}' WHERE id = 2"))
    db.session.commit()
    merge(maya, other)
    assert db.session.scalar(text("SELECT attributes ->> 'n' FROM customers")) == "12345678901234567890.123"


def test_everything_that_the_other_did_is_the_survivors(app):
    maya, other = two(email="maya@posteo.example")
    make_event(other, "login")
    make_event(maya, "login", NOW - timedelta(days=40))
    make_move(other, "applied")
    bring(orders, paid("A1", Who(other.id)))
    coming_in.store(coming_in.event(Who(other.id), "signed_in"))
    merge(maya, other)
    for table in ("events", "funnel_events", "orders", "event_work"):
        assert {row["customer_id"] for row in rows(table)} == {1}, table
    assert db.session.query(Event).count() == 3
    assert db.session.query(FunnelEvent).count() == 1


def test_facts_cannot_be_changed_after_it_in_the_same_transaction(app):
    maya, other = two()
    make_event(maya)
    merging.merge(maya.id, other.id, (), None, ADA, NOW)
    with pytest.raises(DBAPIError, match="facts"):
        db.session.execute(text("UPDATE events SET name = 'x'"))


def test_the_newer_cart_stays(app):
    maya, other = two()
    bring(carts, cart(Who(maya.id), SHIRT), cart(Who(other.id), MUG, at=LATER))
    merge(maya, other)
    (row,) = rows("carts")
    assert (row["customer_id"], row["items"][0]["product_id"]) == (1, "mug")


def test_the_history_of_the_other_follows(app):
    maya, other = two()
    upsert_many([Incoming(0, None, {"lms_lead_id": "L2"}, {"score": 4})], Source("import 7", 7), NOW)
    db.session.commit()
    merge(maya, other)
    assert ("score", False, None, 4, "import 7") in history(maya)
    assert db.session.query(AttributeChange).filter(AttributeChange.import_id.is_not(None)).count() == 0


def test_later_items_for_the_other_reach_the_survivor_also_after_a_second_merge(app):
    first, second, third = (make_customer(lms_lead_id=f"L{n}") for n in (1, 2, 3))
    merge(second, third)
    merge(first, second)
    for named in (Who(2), Who(3), Who(lms_lead_id="L2"), Who(lms_lead_id="L3")):
        assert who.find_many([named])[0].id == 1
    tally, upserted = upsert_many([Incoming(0, None, {"lms_lead_id": "L3"}, {"city": "Oslo"})], Source("LMS"), NOW)
    assert (tally.updated, upserted.customer_ids) == (1, [1])
    assert {(alias.merged_id, alias.customer_id) for alias in db.session.query(CustomerAlias)} == {(2, 1), (3, 1)}


def test_what_waited_for_the_address_of_both_is_the_survivors_and_the_address_is_settled(app):
    maya, other = two(email="maya@posteo.example")
    coming_in.store(coming_in.event(mail("maya@posteo.example")))
    bring(orders, paid("A1", mail("maya@posteo.example")))
    bring(carts, cart(mail("maya@posteo.example"), MUG))
    assert ambiguity.count() == 1
    merge(maya, other)
    assert ambiguity.count() == 0
    assert db.session.query(AmbiguousItem).one().settled_how == "merged into customer 1"
    for table in ("events", "orders", "carts"):
        assert [row["customer_id"] for row in rows(table)] == [1], table
    assert rows("pending_events") == []


def test_of_three_with_one_address_two_are_left_and_it_goes_on_waiting(app):
    people = [make_customer(lms_lead_id=f"L{n}", email="maya@posteo.example") for n in range(3)]
    coming_in.store(coming_in.event(mail("maya@posteo.example")))
    merge(people[0], people[1])
    assert ambiguity.count() == 1
    assert len(rows("pending_events")) == 1


def test_a_third_person_who_is_alone_with_the_address_now_gets_what_waited(app):
    sam, kai = (
        make_customer(lms_lead_id="L1", email="home@x.example"),
        make_customer(lms_lead_id="L2", email="k@x.example"),
    )
    old_kai = make_customer(lms_lead_id="L3", email="home@x.example")
    coming_in.store(coming_in.event(mail("home@x.example")))
    merge(kai, old_kai)
    assert [row["customer_id"] for row in rows("events")] == [sam.id]


def test_it_stands_in_the_audit_trail_with_before_and_after(app):
    maya, other = two()
    other.mobile = "0151"
    db.session.commit()
    merge(maya, other)
    (entry,) = db.session.query(Entry).filter_by(verb="merged")
    assert (entry.actor_name, entry.subject_type, entry.subject_id) == ("Ada", "customer", "1")
    assert entry.before["customer 2"]["lms_lead_id"] == "L2"
    assert entry.after == {"mobile": "0151", "customer 2": "merged into customer 1"}


def test_what_cannot_be_merged_says_why(app):
    maya, other = two()
    gone = make_customer(erased_at=NOW)
    merge(maya, other)
    for pair, said in {
        (1, 1): "one and the same",
        (1, 2): "Customer 2 is part of customer 1 already",
        (2, 1): "Customer 2 is part of customer 1 already",
        (1, gone.id): "was erased",
        (1, 404): "There is no customer 404",
    }.items():
        with pytest.raises(CannotMerge, match=said):
            merge(*pair)
        db.session.rollback()


def test_a_merge_of_somebody_who_has_changed_since_is_not_made(app):
    maya, other = two()
    with pytest.raises(Changed, match="Look again"):
        merge(maya, other, stamp="long ago")


def test_two_who_merge_the_same_pair_at_once_merge_it_once(app):
    make_event(two()[1])
    outcomes: list[str] = []

    def go(survivor: int, gone: int) -> None:
        with app.app_context():
            try:
                merging.merge(survivor, gone, (), None, ADA, NOW)
                time.sleep(0.1)
                db.session.commit()
                outcomes.append("merged")
            except CannotMerge as refused:
                outcomes.append(str(refused))
            db.session.remove()

    threads = [threading.Thread(target=go, args=pair) for pair in ((1, 2), (2, 1), (1, 2))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted("is part of" in said for said in outcomes) == [False, True, True]
    db.session.expire_all()
    (left,) = db.session.query(Customer)
    assert {row["customer_id"] for row in rows("events")} == {left.id}


def test_carts_and_orders_that_come_in_meanwhile_reach_the_survivor(app):
    maya, other = two()
    failed: list[Exception] = []

    def shop() -> None:
        with app.app_context():
            try:
                for n in range(40):
                    bring(orders, paid(f"A{n}", Who(other_id), total=n))
                    bring(carts, cart(Who(lms_lead_id="L2"), MUG, at=NOW + timedelta(seconds=n)))
            except Exception as error:
                failed.append(error)
            db.session.remove()

    other_id = other.id
    thread = threading.Thread(target=shop)
    thread.start()
    time.sleep(0.1)
    merge(maya, other)
    thread.join()
    assert failed == []
    assert {row["customer_id"] for row in rows("orders") + rows("carts")} == {1}
    assert (len(rows("orders")), len(rows("carts"))) == (40, 1)


def test_a_move_that_comes_in_while_its_person_is_merged_is_the_survivors(app):
    maya, other = two()
    failed: list[Exception] = []

    def come_in() -> None:
        with app.app_context():
            try:
                coming_in.store(
                    coming_in.move(Who(lms_lead_id="L2"), "applied"), coming_in.event(Who(lms_lead_id="L2"))
                )
            except Exception as error:
                failed.append(error)
            db.session.remove()

    merging.merge(maya.id, other.id, (), None, ADA, NOW)
    thread = threading.Thread(target=come_in)
    thread.start()
    time.sleep(0.3)  # it has found the other, who is gone once it may write
    db.session.commit()
    thread.join()
    assert failed == []
    assert {row["customer_id"] for row in rows("funnel_events") + rows("events")} == {1}


@pytest.mark.parametrize("named", [{"columns": {"lms_lead_id": "L2"}}, {"customer_id": 2}])
def test_what_is_published_of_them_while_they_are_merged_is_not_lost(app, named):
    maya, other = two()

    def publish() -> None:
        with app.app_context():
            upsert_many([Incoming(0, attributes={"city": "Oslo"}, **named)], Source("LMS"), NOW)
            db.session.commit()
            db.session.remove()

    merging.merge(maya.id, other.id, (), None, ADA, NOW)
    thread = threading.Thread(target=publish)
    thread.start()
    time.sleep(0.3)
    db.session.commit()
    thread.join()
    db.session.refresh(maya)
    assert maya.attributes == {"city": "Oslo"}


def test_a_hundred_thousand_events_move_in_seconds(app):
    maya, other = two()
    make_event(other)
    db.session.execute(
        text(
            "INSERT INTO events (occurred_at, customer_id, name)"
            " SELECT CAST(:now AS timestamptz) - n * interval '1 second', 2, 'login' FROM generate_series(1, 100000) n"
        ),
        {"now": NOW},
    )
    db.session.commit()
    began = time.monotonic()
    merge(maya, other)
    assert time.monotonic() - began < 20
    assert db.session.scalar(text("SELECT count(*) FROM events WHERE customer_id = 1")) == 100_001


def asked() -> AmbiguousItem:
    return db.session.query(AmbiguousItem).filter(AmbiguousItem.settled_at.is_(None)).one()


def test_what_waits_is_given_to_one_of_them_and_the_next_is_asked_about_again(app):
    _, other = two(email="maya@posteo.example")
    coming_in.store(
        coming_in.event(mail("maya@posteo.example")), coming_in.move(mail("maya@posteo.example"), "applied")
    )
    bring(orders, paid("A1", mail("maya@posteo.example")))
    _, _, given = merging.assign(asked().id, other.id, ADA, NOW)
    db.session.commit()
    assert given == 3
    assert {row["customer_id"] for row in rows("events") + rows("funnel_events") + rows("orders")} == {2}
    assert ambiguity.count() == 0
    coming_in.store(coming_in.event(mail("maya@posteo.example")))
    assert (ambiguity.count(), asked().count) == (1, 1)


def test_what_names_a_lead_id_too_goes_on_waiting_for_that(app):
    for _ in range(2):
        make_customer(email="maya@posteo.example")
    coming_in.store(coming_in.event(Who(lms_lead_id="L9", email="maya@posteo.example")))
    merging.assign(asked().id, 1, ADA, NOW)
    assert len(rows("pending_events")) == 1


def test_it_is_given_to_nobody_who_no_longer_has_the_address(app):
    two(email="maya@posteo.example")
    coming_in.store(coming_in.event(mail("maya@posteo.example")))
    stranger = make_customer()
    with pytest.raises(CannotMerge, match="no longer has"):
        merging.assign(asked().id, stranger.id, ADA, NOW)


def test_left_as_it_is_it_waits_and_is_asked_about_no_more(app):
    two(email="maya@posteo.example")
    coming_in.store(coming_in.event(mail("maya@posteo.example")))
    item = merging.leave(asked().id, ADA, NOW)
    db.session.commit()
    assert (ambiguity.count(), len(rows("pending_events"))) == (0, 1)
    with pytest.raises(Settled, match="already"):
        merging.leave(item.id, ADA, NOW)


def test_an_address_that_became_one_persons_by_itself_is_settled_and_joined(app):
    maya, other = two(email="maya@posteo.example")
    coming_in.store(coming_in.event(mail("maya@posteo.example")))
    other.email = "other@posteo.example"
    db.session.commit()
    joining.join_missed(NOW)
    db.session.commit()
    assert asked_count() == 0
    assert [row["customer_id"] for row in rows("events")] == [maya.id]


def asked_count() -> int:
    return db.session.query(AmbiguousItem).filter(AmbiguousItem.settled_at.is_(None)).count()
