"""From the API to the outbox: a shop says what people do, and they get the mail that fits, once, or none.

Two hours are not waited for: the shop tells of them afterwards, as it may, and of days the clocks in the rows are set.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from app.automations import following, jobs, waits
from app.clock import clock
from app.db import db
from app.deliveries import jobs as sending
from app.deliveries.outbox_message import OutboxMessage
from tests.automations.making import make_template

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def shop(make_system):
    system = make_system("ingest", "read", "write", "send")
    for name in ("maya", "ole"):
        system.post("customers", {"lms_lead_id": name, "email": f"{name}@posteo.example", "first_name": name.title()})
    return system


def automation(shop: Any, name: str, trigger: dict[str, Any], **said: Any) -> int:
    body = {"name": name, "message_template_id": make_template(name).id, "trigger": trigger, **said}
    made = shop.post("automations", body)
    assert made.status_code == 201, made.get_json()
    key: int = made.get_json()["id"]
    assert shop.send("POST", f"/api/v1/automations/{key}/activation").status_code == 200
    return key


def tells(shop: Any, who: str, name: str, ago: timedelta = timedelta(0), **properties: Any) -> None:
    event = {"lms_lead_id": who, "name": name, "occurred_at": (clock() - ago).isoformat(), "properties": properties}
    assert shop.post("events", {"events": [event]}).status_code == 200


def work() -> None:
    """What the workers do when they are rung."""
    jobs.take_effect()
    jobs.settle_waits()
    sending.send()


def outbox() -> list[str]:
    return list(db.session.scalars(select(OutboxMessage.to_email).order_by(OutboxMessage.id)))


def days_pass(days: int) -> None:
    for statement in (
        "UPDATE deliveries SET accepted_at = accepted_at - :length",
        "UPDATE runs SET started_at = started_at - :length, finished_at = finished_at - :length",
        "UPDATE automations SET looked_until = looked_until - :length",
    ):
        db.session.execute(text(statement), {"length": timedelta(days=days)})
    db.session.commit()


def follow() -> None:
    for _ in following.follow(clock()):
        db.session.commit()
    sending.send()


def test_paid_in_time_there_is_no_reminder_and_another_gets_one_and_a_second_on_day_three(shop):
    checkout = {"event": "checkout_started", "delay": "2h", "at_most_every": "1d", "unless": {"event": "paid"}}
    first = automation(shop, "Reminder", checkout)
    automation(shop, "Once more", {"after": {"automation": first, "delay": "3d", "if": "not_clicked"}})
    tells(shop, "maya", "checkout_started", 2 * HOUR)
    tells(shop, "ole", "checkout_started", 2 * HOUR)
    tells(shop, "maya", "paid", HOUR / 2)
    work()
    assert outbox() == ["ole@posteo.example"]
    maya = shop.get("customers?lms_lead_id=maya").get_json()["data"][0]["id"]
    ((told, of),) = waits.of_customer(maya, 5)
    assert (of.name, told.outcome) == ("Reminder", "happened")
    follow()
    assert len(outbox()) == 1
    days_pass(3)
    follow()
    follow()
    assert outbox() == ["ole@posteo.example"] * 2


def test_a_purchase_is_answered_once_however_often_it_is_told(shop):
    automation(shop, "Thank you", {"event": "order_completed"}, purpose="transactional")
    order = {"order_id": "O-7", "total": 4180, "currency": "EUR"}
    for _ in range(3):
        tells(shop, "maya", "order_completed", **order)
        paid = {
            "order_id": "O-7",
            "lms_lead_id": "maya",
            "total": 4180,
            "currency": "EUR",
            "status": "paid",
            "items": [],
        }
        assert shop.post("orders", {"orders": [paid]}).status_code == 200
        work()
    assert outbox() == ["maya@posteo.example"]


def test_a_storm_of_one_person_is_one_mail(shop):
    automation(shop, "Hello", {"event": "clicked_about", "at_most_every": "1d"})
    now = clock()
    for _ in range(10):
        many = [{"lms_lead_id": "maya", "name": "clicked_about", "occurred_at": now.isoformat()} for _ in range(1000)]
        assert shop.post("events", {"events": many}).status_code == 200
    work()
    assert outbox() == ["maya@posteo.example"]


def test_archived_while_somebody_waits(shop):
    key = automation(shop, "Reminder", {"event": "checkout_started", "delay": "2h"})
    tells(shop, "maya", "checkout_started", HOUR)
    work()
    assert shop.send("DELETE", f"/api/v1/automations/{key}").status_code == 204
    db.session.execute(text("UPDATE trigger_waits SET not_before = now()"))
    db.session.commit()
    work()
    assert outbox() == []


@pytest.mark.parametrize(
    ("trigger", "path"),
    [
        ({"event": ""}, "trigger.event"),
        ({"event": "paid", "delay": "2 hours"}, "trigger.delay"),
        ({"event": "paid", "delay": "400d"}, "trigger.delay"),
        ({"event": "paid", "where": [{"property": "total", "op": "is_like", "value": 1}]}, "trigger.where[0].op"),
        ({"event": "paid", "unless": {}}, "trigger.unless"),
        ({"event": "paid", "unless": {"event": "x", "for": "1d"}}, "trigger.unless.for"),
        ({"event": "paid", "often": True}, "trigger.often"),
        ({"event": "paid", "cron": "0 10 * * *"}, "trigger.cron"),
        ({"enters_segment": False}, "trigger.enters_segment"),
        ({"after": {"automation": 999, "delay": "1d"}}, "trigger.after.automation"),
        ({"after": {"automation": 1}}, "trigger.after.delay"),
        ({"after": {"automation": 1, "delay": "1d", "if": "bored"}}, "trigger.after.if"),
        ({"after": {"automation": True, "delay": "1d"}}, "trigger.after.automation"),
    ],
)
def test_what_no_trigger_is_has_its_place_and_a_sentence(shop, trigger, path):
    body = {"name": "Wrong", "message_template_id": make_template().id, "trigger": trigger}
    answer = shop.post("automations", body)
    assert answer.status_code == 422
    assert answer.get_json()["error"]["details"][0]["field"] == path
