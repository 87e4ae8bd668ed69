"""Orders: paid once, cancelled, refunded; whoever is not known yet gets theirs later."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from app.catalogue import orders
from app.catalogue.item import Item
from app.customers.alias import CustomerAlias
from app.customers.ambiguous_item import AmbiguousItem
from app.customers.who import Who
from app.db import db
from tests.catalogue.buying import MUG, SHIRT, bring, counts, lead, mail, order, paid, rows
from tests.factories import NOW, make_customer


def only() -> dict:
    return rows("orders")[0]


def test_an_order_is_kept_and_counts_as_an_event_once(app):
    maya = make_customer(lms_lead_id="L1")
    tally, happened = bring(orders, paid("A1", lead("L1"), items=[SHIRT, MUG], ref="r7"))
    assert counts(tally) == (1, 0, 0, [])
    assert (only()["customer_id"], only()["status"], only()["total"]) == (maya.id, "paid", 4700)
    (event,) = happened
    assert (event.name, event.who, event.occurred_at) == ("order_completed", Who(maya.id), NOW)
    assert event.properties == {
        "order_id": "A1",
        "total": 4700,
        "currency": "EUR",
        "items": [
            {"product_id": "shirt", "quantity": 2, "price": 1900},
            {"product_id": "mug", "quantity": 1, "price": 900},
        ],
        "ref": "r7",
    }


def test_the_same_order_again_changes_nothing_and_is_no_event(app):
    make_customer(lms_lead_id="L1")
    bring(orders, paid("A1", lead("L1"), items=[SHIRT]))
    tally, happened = bring(orders, paid("A1", lead("L1"), items=[SHIRT]))
    assert (counts(tally), happened) == ((0, 0, 1, []), [])


def test_it_is_cancelled_or_refunded_later_by_its_id_alone(app):
    make_customer(lms_lead_id="L1")
    bring(orders, paid("A1", lead("L1")), paid("A2", lead("L1")), paid("A3", lead("L1")))
    tally, happened = bring(
        orders,
        order("A1", status="cancelled"),
        order("A2", status="refunded"),
        order("A3", refunded_total=700),
    )
    assert (counts(tally), happened) == ((0, 3, 0, []), [])
    assert [(row["status"], row["refunded_total"]) for row in rows("orders")] == [
        ("cancelled", 0),
        ("refunded", 4700),
        ("paid", 700),
    ]


def test_an_order_that_is_paid_later_counts_then(app):
    make_customer(lms_lead_id="L1")
    assert bring(orders, paid("A1", lead("L1"), status="cancelled"))[1] == []
    tally, happened = bring(orders, order("A1", status="paid"))
    assert (counts(tally), [one.name for one in happened]) == ((0, 1, 0, []), ["order_completed"])


def test_one_of_the_time_before_behaviour_is_kept_is_an_order_only(app):
    make_customer(lms_lead_id="L1")
    tally, happened = bring(orders, paid("A1", lead("L1"), occurred_at=NOW - timedelta(days=1000)))
    assert (counts(tally), happened) == ((1, 0, 0, []), [])


def test_strangers_orders_wait_and_join_them(app):
    _, happened = bring(orders, paid("A1", lead("L1")), paid("A2", mail("maya@posteo.example")))
    assert [one.who for one in happened] == [lead("L1"), mail("maya@posteo.example")]
    assert [row["customer_id"] for row in rows("orders")] == [None, None]
    maya = make_customer(lms_lead_id="L1", email="Maya@posteo.example")
    assert orders.join([maya.id]) == 2
    assert {(row["customer_id"], row["lms_lead_id"], row["email_folded"]) for row in rows("orders")} == {
        (maya.id, None, None)
    }
    assert orders.join([maya.id]) == 0


def test_a_lead_id_that_a_merge_left_means_the_survivor(app):
    bring(orders, paid("A1", lead("OLD")))
    maya = make_customer(lms_lead_id="L1")
    db.session.add(CustomerAlias(merged_id=999, lms_lead_id="OLD", customer_id=maya.id))
    db.session.commit()
    assert orders.join([maya.id]) == 1
    assert bring(orders, paid("A2", lead("OLD")))[0].created == 1
    assert {row["customer_id"] for row in rows("orders")} == {maya.id}


def test_an_address_of_several_waits_for_a_decision_and_says_so(app):
    people = [make_customer(lms_lead_id=f"L{n}", email="family@posteo.example") for n in range(2)]
    tally, _ = bring(orders, paid("A1", mail("family@posteo.example")))
    assert (counts(tally), only()["customer_id"]) == ((1, 0, 0, []), None)
    assert orders.join([person.id for person in people]) == 0
    assert [(item.email_folded, item.count) for item in db.session.query(AmbiguousItem)] == [
        ("family@posteo.example", 1)
    ]


def test_who_came_in_the_same_moment_is_joined_soon_after(app):
    bring(orders, paid("A1", lead("L1")))
    maya = make_customer(lms_lead_id="L1")
    assert orders.join_missed(rows("orders")[0]["updated_date"]) == 1
    assert only()["customer_id"] == maya.id


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ({"total": -1}, "bad_value total"),
        ({"total": None}, "missing total"),
        ({"refunded_total": 4701}, "bad_value refunded_total"),
        ({"refunded_total": -1}, "bad_value refunded_total"),
        ({"currency": "E"}, "bad_value currency"),
        ({"currency": "1AB"}, "bad_value currency"),
        ({"status": "sent"}, "bad_value status"),
        ({"occurred_at": NOW + timedelta(days=2)}, "in_the_future occurred_at"),
        ({"items": [Item("mug", -1)]}, "bad_value items.0.quantity"),
        ({"items": [Item("mug", 1, -5)]}, "bad_value items.0.price"),
        ({"items": [Item("", 1)]}, "missing items.0.product_id"),
        ({"items": [Item("mug")] * 501}, "too_large items"),
        ({"ref": "a\0"}, "bad_value ref"),
    ],
)
def test_nonsense_is_refused_by_name_and_the_rest_is_kept(app, said, refused):
    tally, _ = bring(orders, paid("A0", lead("L1")), paid("A1", lead("L1"), **said))
    assert counts(tally) == (1, 0, 0, [refused])


def test_a_new_order_needs_somebody_a_total_and_a_currency(app):
    tally, _ = bring(
        orders,
        order("A1", total=1, currency="EUR"),
        order("A2", lead("L1"), currency="EUR"),
        order("A3", lead("L1"), total=1),
        paid("", lead("L1")),
        paid("A4", Who(customer_id=404)),
        paid("A5", Who(customer_id=2**63)),
    )
    assert counts(tally) == (
        0,
        0,
        0,
        [
            "missing who",
            "missing total",
            "missing currency",
            "missing order_id",
            "unknown_customer customer_id",
            "unknown_customer customer_id",
        ],
    )


def test_a_refund_of_more_than_was_paid_is_refused_whenever_it_comes(app):
    bring(orders, paid("A1", lead("L1"), total=100))
    assert counts(bring(orders, order("A1", refunded_total=101))[0])[3] == ["bad_value refunded_total"]
    assert only()["refunded_total"] == 0


def test_several_at_once_make_no_order_twice(app):
    make_customer(lms_lead_id="L0")
    happened = []

    def shop(way: int) -> None:
        with app.app_context():
            for _ in range(4):
                sent = [paid(f"A{n}", lead(f"L{n % 3}"), total=100 + way) for n in range(30)][::way]
                happened.extend(bring(orders, *sent)[1])
            db.session.remove()

    threads = [threading.Thread(target=shop, args=(way,)) for way in (1, -1, 1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows("orders")) == 30
    assert sorted(one.properties["order_id"] for one in happened) == sorted(f"A{n}" for n in range(30))
