"""A call with an Idempotency-Key has one effect and one answer, for a day; what failed is as if it never came."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, text, update

from app.db import db
from app.events.pending_event import PendingEvent
from app.receipts import idempotency, keep
from app.receipts.idempotency_key import IdempotencyKey
from app.receipts.receipt import Receipt

LOGIN = {"lms_lead_id": "L1", "name": "login"}
ONCE = {"Idempotency-Key": "k1"}


def count(model: type) -> int:
    return int(db.session.scalar(select(func.count()).select_from(model)) or 0)


def run(statement: str) -> None:
    with db.engine.begin() as connection:
        connection.execute(text(statement))


def test_a_call_that_failed_on_our_side_may_be_sent_again(lms):
    db.session.rollback()
    run("ALTER TABLE pending_events RENAME TO elsewhere")
    try:
        failed = lms.post("events", LOGIN, **ONCE)
    finally:
        run("ALTER TABLE elsewhere RENAME TO pending_events")
    assert (failed.status_code, failed.get_json()["error"]["code"]) == (500, "internal_error")
    assert (count(Receipt), count(IdempotencyKey)) == (0, 0)
    assert lms.post("events", LOGIN, **ONCE).status_code == 200
    assert count(PendingEvent) == 1


def test_each_key_of_a_system_and_each_path_has_its_own(lms, make_system):
    shop = make_system("ingest")
    move = {"lms_lead_id": "L1", "funnel_type": "sales", "to_stage": "applied"}
    assert lms.post("events", LOGIN, **ONCE).status_code == 200
    assert shop.post("events", LOGIN, **ONCE).get_json()["created"] == 1
    assert lms.post("funnel-events", move, **ONCE).get_json()["created"] == 1
    assert count(PendingEvent) == 3


def test_after_a_day_a_key_is_new(lms):
    lms.post("events", LOGIN, **ONCE)
    yesterday = datetime.now(UTC) - timedelta(hours=24, seconds=1)
    db.session.execute(update(IdempotencyKey).values(created_date=yesterday))
    db.session.commit()
    assert lms.post("events", LOGIN | {"name": "logout"}, **ONCE).status_code == 200
    assert count(PendingEvent) == 2


def test_old_keys_and_old_receipts_are_forgotten(lms):
    now = datetime.now(UTC)
    lms.post("events", LOGIN, **ONCE)
    for forget, kept in ((idempotency.forget_old, timedelta(hours=24)), (keep.forget_old, timedelta(days=90))):
        before = (count(IdempotencyKey), count(Receipt))
        forget(now + kept - timedelta(minutes=1))
        assert (count(IdempotencyKey), count(Receipt)) == before
        forget(now + kept + timedelta(minutes=1))
    assert (count(IdempotencyKey), count(Receipt)) == (0, 0)
