"""A worker that dies between any two steps of holding mail back: nobody is lost, nobody gets it twice."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text, update

from app import claims
from app.audit.actor import COMMAND_LINE
from app.clock import clock
from app.db import db
from app.deliveries import jobs, runs, sending
from app.deliveries.batch import Batch, WarmDay
from app.deliveries.outbox_message import OutboxMessage
from app.settings import limits
from tests.deliveries.making import adds_up, make_run, sent
from tests.factories import make_customer, make_customers


def killed_after(count: int) -> None:
    """It claims what is due first, and dies after so many steps; its lease runs out."""
    taken = claims.claim(Batch, 1, timedelta(seconds=15), clock(), "another", *jobs.BATCHES.only, first=(Batch.lane,))
    db.session.commit()
    going = sending.send(taken[0].key, clock())
    try:
        for _ in range(count):
            next(going)
            claims.confirm(Batch, taken)
            db.session.commit()
    except (StopIteration, claims.NotYet):
        pass
    going.close()
    db.session.rollback()
    db.session.execute(update(Batch).values(lease_until=None, attempts=0, not_before=text("now()")))
    db.session.commit()


def night() -> dict[str, str]:
    there = datetime.now(ZoneInfo("Asia/Tokyo"))
    return {"from": f"{there - timedelta(hours=1):%H:%M}", "to": f"{there + timedelta(hours=1):%H:%M}"}


def got() -> Counter[str]:
    return Counter(db.session.scalars(select(OutboxMessage.to_email)))


@pytest.mark.parametrize("steps", range(6))
@pytest.mark.parametrize("own", ["quiet_hours", "throttle_per_minute", "cap"])
def test_each_gets_it_once(app, steps, own):
    limit = {"quiet_hours": night(), "throttle_per_minute": 600_000, "cap": {"n": 1, "per": "1d"}}[own]
    people = [*make_customers(5), make_customer(email="aiko@posteo.example", timezone="Asia/Tokyo")]
    run = make_run(limits={own: limit})
    for _ in range(3):
        killed_after(steps)
    run.limits = {} if own == "quiet_hours" else run.limits
    db.session.commit()
    sent(3)
    assert adds_up(run)
    uncertain = runs.account(run).uncertain
    assert got() <= Counter(one.email for one in people)
    assert got().total() + uncertain == 6
    assert run.state == "finished"


@pytest.mark.parametrize("steps", range(6))
def test_the_day_of_a_plan_has_no_more_than_it_may(app, steps):
    wanted = {"start": 4, "growth": 0, "ceiling": 4, "begun": str(clock().date())}
    limits.save(limits.of({"warm_up": wanted}), 0, COMMAND_LINE)
    make_customers(10)
    run = make_run()
    for _ in range(3):
        killed_after(steps)
    sent(3)
    assert adds_up(run)
    assert got().total() <= 4
    assert got().total() + runs.account(run).uncertain <= 4
    assert db.session.scalar(select(WarmDay.mails)) == 4
