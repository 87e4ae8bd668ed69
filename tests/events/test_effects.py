"""What facts set off once they are in: an order becomes an order; everything else just ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.automations import jobs as automations
from app.catalogue import orders
from app.customers.alias import CustomerAlias
from app.customers.who import Who
from app.db import db
from app.events import effects, jobs
from app.ops import work
from tests.events.coming_in import event, move, rows, store
from tests.factories import NOW, make_customer, make_event

MAYA = Who(lms_lead_id="L-1")
ORDER = {"order_id": "O-7", "total": 4180, "currency": "EUR"}


@pytest.fixture(autouse=True)
def maya(app):
    return make_customer(lms_lead_id="L-1")


def completed(**changes):
    return event(MAYA, "order_completed", **{**ORDER, **changes})


def post(**said) -> None:
    told = {"total": 4180, "currency": "EUR", "occurred_at": NOW, **said}
    orders.upsert_many([orders.Incoming(0, "O-7", MAYA, told)], "test", NOW)
    db.session.commit()


def take_effect() -> int:
    done = automations.take_effect()
    db.session.commit()
    return done


def failed() -> list[str]:
    return [row["error"] for row in rows("event_work") if row["failed_at"]]


def test_most_facts_set_off_nothing_and_their_work_ends():
    store(event(MAYA), move(MAYA, "applied"), event(MAYA, "order_completed"))
    assert take_effect() == 3
    assert rows("event_work") == rows("orders") == []


def test_a_thousand_are_done_in_two_sets():
    store(*(event(MAYA, id=f"e-{n}") for n in range(1000)))
    assert take_effect() == 1000
    assert rows("event_work") == []


def test_a_completed_order_becomes_that_order(maya):
    items = [{"product_id": "P-1", "quantity": 2, "price": 2090, "name": "Ceramics", "colour": "red"}]
    store(completed(items=items, ref="mail-7", coupon="SPRING"))
    assert take_effect() == 1
    (order,) = rows("orders")
    assert (order["order_id"], order["customer_id"], order["total"], order["currency"]) == ("O-7", maya.id, 4180, "EUR")
    assert (order["status"], order["ref"], order["occurred_at"]) == ("paid", "mail-7", NOW)
    assert order["items"] == [{"product_id": "P-1", "quantity": 2, "price": 2090, "name": "Ceramics"}]


def test_an_order_of_a_number_is_the_order_of_that_text():
    store(completed(order_id=7), completed(order_id="7"))
    take_effect()
    assert [order["order_id"] for order in rows("orders")] == ["7"]


def test_an_order_that_the_shop_has_posted_stays_as_it_is():
    post(total=9900, status="refunded", refunded_total=9900)
    store(completed())
    take_effect()
    (order,) = rows("orders")
    assert (order["total"], order["status"]) == (9900, "refunded")


def test_an_order_whose_event_came_first_is_changed_by_the_shop_as_any_other():
    store(completed())
    take_effect()
    post(total=5000, status="cancelled")
    (order,) = rows("orders")
    assert (order["total"], order["status"]) == (5000, "cancelled")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"total": 41.8}, "Its order was not understood. Expected `int`, got `float` - at `$.total`"),
        ({"total": -1}, "Its order was not taken. total: It is never less than 0."),
        ({"currency": "euros"}, "Its order was not taken. currency: Three letters, as in EUR or USD."),
        ({"items": [{"name": "x"}]}, "Its order was not understood."),
        ({"status": "lost"}, "Its order was not taken. status: One of paid, cancelled, refunded."),
    ],
)
def test_an_order_that_cannot_be_is_set_aside_with_its_reason_and_harms_no_other(wrong, said):
    store(event(MAYA), completed(**{"order_id": "bad", **wrong}), completed(), event(MAYA))
    assert take_effect() == 3
    (reason,) = failed()
    assert reason.startswith(said)
    assert [order["order_id"] for order in rows("orders")] == ["O-7"]
    assert len(rows("events")) == 4


@pytest.mark.parametrize("absent", ["order_id", "total", "currency"])
def test_an_event_that_tells_too_little_of_an_order_is_only_an_event(absent):
    told = {name: value for name, value in ORDER.items() if name != absent}
    store(event(MAYA, "order_completed", **told))
    assert take_effect() == 1
    assert rows("orders") == []


def test_what_came_in_while_its_person_was_merged_follows_them(maya):
    survivor = make_customer(lms_lead_id="L-2")
    store(event(MAYA, at=NOW - timedelta(days=3)), move(MAYA, "applied"), completed())
    db.session.add(CustomerAlias(merged_id=maya.id, lms_lead_id="L-1", customer_id=survivor.id))
    db.session.commit()
    assert take_effect() == 3
    for table in ("events", "funnel_events", "orders"):
        assert {row["customer_id"] for row in rows(table)} == {survivor.id}


def test_the_passage_for_that_is_closed_again(maya):
    survivor = make_customer(lms_lead_id="L-2")
    store(event(MAYA))
    db.session.add(CustomerAlias(merged_id=maya.id, customer_id=survivor.id))
    db.session.flush()
    effects.take([row["id"] for row in rows("event_work")], NOW)
    assert db.session.scalar(text("SELECT current_setting('campus.passage', true)")) == ""
    make_event(survivor)


def test_it_is_a_table_of_work_like_any_other():
    store(event(MAYA))
    assert jobs.EVENTS in work.TABLES
    assert work.depths()["events"] == 1
    assert jobs.EVENTS.job in work.due_jobs()
