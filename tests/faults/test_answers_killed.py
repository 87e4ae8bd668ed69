"""What people do is answered while workers are killed and Redis is emptied: one mail for each occasion, none lost."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from redis import Redis
from sqlalchemy import select, text

from app.automations.automation import Automation
from app.clock import clock
from app.customers.who import Who
from app.db import db
from app.deliveries.delivery import Delivery
from app.queue import ring
from tests.automations.making import make_active, make_template
from tests.events.coming_in import event, store
from tests.faults.mailing import Stage
from tests.work.running import until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not os.environ.get("LONG"), reason="kills workers for minutes: bin/test --long"),
    pytest.mark.timeout(300),
]
QUEUES = ("events", "send", "runs")
PEOPLE, TIMES = 600, 2
STEPS = ("in answer", "in settle", "in seal", "after seal", "before post", "after post")


@pytest.fixture
def answered(stage: Stage) -> Stage:
    db.session.execute(text("TRUNCATE runs, deliveries, provider_accounts, trigger_waits CASCADE"))
    db.session.commit()
    stage.provider.ask("DELETE", "/_ledger")
    template = make_template()
    for name, more in (("At once", {}), ("After a second", {"delay": "1m"})):
        trigger = {"event": "order_completed", **more}
        make_active(name, at=clock(), trigger=trigger, segment_id=None, template_id=template.id, topic="newsletter")
    return stage


def happen(stage: Stage) -> list[int]:
    """Each of them buys twice; what has to wait a minute is due at once."""
    people = [one for one, fate in stage.wanted.items() if fate == ("accepted", None)][:PEOPLE]
    now = clock()
    for number in range(TIMES):
        for first in range(0, PEOPLE, 100):
            part = people[first : first + 100]
            store(*(event(Who(customer_id=one), "order_completed", now, n=number) for one in part), now=now)
            ring("events.take_effect")
    return people


# Past those that a worker has in hand: nobody waits for another in a circle.
HASTEN = text(
    """
    UPDATE trigger_waits SET not_before = now() - interval '1 second'
     WHERE id IN (SELECT id FROM trigger_waits WHERE outcome IS NULL AND not_before > now() FOR UPDATE SKIP LOCKED)
    """
)


def hasten() -> None:
    db.session.execute(HASTEN)
    db.session.commit()


def is_all_answered() -> bool:
    hasten()
    left = "SELECT (SELECT count(*) FROM event_work) + (SELECT count(*) FROM trigger_waits WHERE outcome IS NULL)"
    waiting = "SELECT count(*) FROM batches WHERE waiting_since IS NOT NULL"
    is_so = not db.session.scalar(text(left)) and not db.session.scalar(text(waiting))
    db.session.rollback()
    return is_so


def check(stage: Stage, people: list[int]) -> None:
    until(is_all_answered, 150)
    wanted = len(people) * TIMES * 2  # two automations
    mails = db.session.execute(select(Delivery.id, Delivery.customer_id, Delivery.state)).all()
    assert Counter(mail.state for mail in mails) == {"accepted": wanted}
    assert set(Counter(mail.customer_id for mail in mails).values()) == {TIMES * 2}
    found = stage.provider.counts
    assert (found["mails"], found["repeated"]) == (wanted, 0)
    assert db.session.scalar(text("SELECT sum(planned) FROM runs")) == wanted
    assert len(db.session.scalars(select(Automation.id)).all()) == 2


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_that_dies_answers_everybody_once(answered: Stage, step: str) -> None:
    people = happen(answered)
    answered.start(*QUEUES, STOP_AT=step, STOP_TURN="2")
    until(lambda: hasten() or answered.mark.exists(), 90)
    answered.start(*QUEUES, "--no-scheduler")
    check(answered, people)


def test_an_emptied_redis_and_everything_killed_loses_no_answer(answered: Stage) -> None:
    people = happen(answered)
    for _ in range(3):
        workers = answered.start(*QUEUES)
        until(lambda workers=workers: workers.child("events"))
        until(lambda: hasten() or answered.provider.counts["mails"] > 0)
        Redis.from_url(answered.redis.url).flushall()
        answered.cut_power()
    answered.start(*QUEUES)
    check(answered, people)
