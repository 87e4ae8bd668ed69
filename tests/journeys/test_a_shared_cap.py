"""Three automations fire in the same second, three workers plan and send: each person gets one mail of them."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.automations import jobs as planning
from app.automations import schedule
from app.clock import clock
from app.db import db
from app.deliveries import filling, runs
from app.deliveries import jobs as sending
from app.deliveries.batch import Batch
from app.deliveries.delivery import Delivery
from app.deliveries.outbox_message import OutboxMessage
from app.deliveries.run import Run
from tests.automations.making import make_active, make_segment, make_template
from tests.factories import make_customer, make_customers


def work(app) -> None:
    with app.app_context():
        for _ in range(3):
            planning.plan_runs()
            sending.send()


def at_once(app, workers: int) -> None:
    threads = [threading.Thread(target=work, args=(app,)) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    db.session.expire_all()


def fired(count: int, **said) -> list[Run]:
    """So many automations that are due in this second."""
    who, what = make_segment().id, make_template().id
    now = clock()
    names = [f"Campaign {n}" for n in range(count)]
    made = [make_active(name, now, cron="* * * * *", segment_id=who, template_id=what, **said) for name in names]
    for one in made:
        one.next_at = now
    found = [schedule.fire(one, now) for one in made]
    db.session.commit()
    return [run for run in found if run]


def test_each_person_gets_one_and_the_other_runs_say_why_not(app, monkeypatch):
    monkeypatch.setattr(filling, "PEOPLE", 7)
    people = make_customers(30)
    made = fired(3, limits={"cap": {"n": 1, "per": "1d"}})
    assert len(made) == 3
    at_once(app, 3)
    got = Counter(db.session.scalars(select(OutboxMessage.to_email)))
    assert got == Counter(one.email for one in people)
    reasons = Counter(db.session.scalars(select(Delivery.reason).where(Delivery.state == "skipped")))
    assert reasons == {"capped": 60}
    assert {run.state for run in made} == {"finished"}


def test_nobody_is_woken_and_the_run_waits_for_the_morning(app):
    there = datetime.now(ZoneInfo("Asia/Tokyo"))
    night = {"from": f"{there - timedelta(hours=2):%H:%M}", "to": f"{there + timedelta(hours=3):%H:%M}"}
    awake = make_customer("Ann", email="ann@posteo.example", timezone="UTC")
    asleep = make_customer("Aiko", email="aiko@posteo.example", timezone="Asia/Tokyo")
    (run,) = fired(1, limits={"quiet_hours": night})
    at_once(app, 1)
    assert list(db.session.scalars(select(OutboxMessage.to_email))) == [awake.email]
    assert run.state == "sending"
    run.limits = {}
    part = db.session.scalar(select(Delivery.part).where(Delivery.customer_id == asleep.id))
    assert part is not None
    batch = db.session.scalars(select(Batch).where(Batch.run_id == run.id, Batch.part == part)).one()
    assert batch.not_before.astimezone(ZoneInfo("Asia/Tokyo")).strftime("%H:%M") == night["to"]
    batch.not_before = datetime.now(UTC) - timedelta(seconds=1)
    db.session.commit()
    at_once(app, 1)
    assert sorted(db.session.scalars(select(OutboxMessage.to_email))) == sorted([asleep.email, awake.email])
    assert runs.account(run).accepted == 2
    assert run.state == "finished"
