"""Workers hand mail to one who knows no keys, and are killed: nobody gets two, and who may have none is named."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import select, text

from app.db import db
from app.deliveries import runs
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from tests.deliveries.making import adds_up
from tests.faults.mailing import Stage, is_over
from tests.provider import mail_server, ses_server
from tests.work.running import until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not os.environ.get("LONG"), reason="kills workers for minutes: bin/test --long"),
    pytest.mark.timeout(300),
]
PEOPLE = 250
FEWER = "DELETE FROM customers WHERE first_name = 'Eligible' AND last_name::int > :people RETURNING id"


@pytest.fixture
def few(stage: Stage) -> Stage:
    for gone in db.session.scalars(text(FEWER), {"people": PEOPLE}).all():
        del stage.wanted[gone]
    db.session.commit()
    return stage


Desk = mail_server.Desk | ses_server.Desk


@pytest.fixture(params=[mail_server, ses_server], ids=["smtp", "ses"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with request.param.serving() as desk:
        yield desk


def carried_by(desk: Desk) -> dict[str, str]:
    if isinstance(desk, ses_server.Desk):
        return desk.environment
    return {"MAIL_PROVIDER": "smtp", "SMTP_URL": desk.url}


def uncertain(run: Run, desk: Desk) -> int:
    """How many, once everything else is as it has to be."""
    until(lambda: is_over(run), 120)
    found = runs.account(run)
    accepted = set(db.session.scalars(select(Delivery.email).where(Delivery.state == "accepted")))
    assert set(desk.got.values()) <= {1}
    assert accepted <= set(desk.got)
    assert len(set(desk.got) - accepted) <= found.uncertain
    assert (found.accepted + found.uncertain, adds_up(run)) == (PEOPLE, True)
    return found.uncertain


@pytest.mark.parametrize(
    ("step", "lost"), [("in cut", 0), ("in seal", 0), ("after seal", 0), ("before post", 1), ("after post", 1)]
)
def test_a_worker_that_dies_repeats_nothing(few: Stage, desk: Desk, step: str, lost: int) -> None:
    run = few.plan()
    few.start(STOP_AT=step, STOP_TURN="1" if step == "in cut" else "7", **carried_by(desk))
    few.until_it_happened()
    few.start("send", "--no-scheduler", **carried_by(desk))
    assert uncertain(run, desk) == lost


def test_everything_killed_again_and_again(few: Stage, desk: Desk) -> None:
    run = few.plan()
    for _ in range(4):
        workers = few.start(**carried_by(desk))
        until(lambda workers=workers: workers.child("send"))
        time.sleep(2)
        few.cut_power()
    few.start(**carried_by(desk))
    assert uncertain(run, desk) <= 4
