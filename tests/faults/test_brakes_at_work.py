"""Real workers, a provider that refuses every tenth mail: the run stops after a few hundred and loses nobody."""

from __future__ import annotations

import pytest

from app.audit.actor import COMMAND_LINE
from app.db import db
from app.deliveries import runs
from app.deliveries.run import Run
from app.queue import ring
from tests.faults.mailing import PEOPLE, Stage, fresh
from tests.work.running import until

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]
WORKERS = 2
REFUSED = "7@posteo"  # every tenth address ends so
# Beside the hundred: what each worker had on its way, and one look more or less.
MOST = 100 + WORKERS * 200


def is_paused(run: Run) -> bool:
    return fresh(run).state == "paused"


def adds_up(run: Run) -> bool:
    found = runs.account(run)
    out = found.accepted + sum(found.failed.values()) + found.uncertain
    return found.planned == run.planned == found.waiting + out + sum(found.skipped.values())


def test_a_run_whose_mails_are_refused_stops_soon_and_goes_on_when_it_is_resumed(stage: Stage) -> None:
    stage.provider.set(rate=0)
    stage.provider.fails("validation_error", only=REFUSED, times=None)
    run = stage.plan()
    for _ in range(WORKERS):
        stage.start()
    until(lambda: is_paused(run), 120)
    account = runs.account(run)
    outcomes = account.accepted + sum(account.failed.values())
    print(f"stopped after {outcomes} outcomes, {len(stage.provider.mails)} out")  # noqa: T201
    assert run.state_reason.startswith("It paused itself: ")
    assert 100 <= outcomes <= MOST
    assert account.waiting >= PEOPLE - MOST
    assert adds_up(run)
    out = len(stage.provider.mails)
    stage.provider.heals()
    stage.cut_power()
    stage.start()
    runs.resume(fresh(run), COMMAND_LINE)
    db.session.commit()
    ring("deliveries.send")
    until(lambda: fresh(run).state == "finished", 120)
    assert len(stage.provider.mails) > out
    got = [mail["recipient"].lower() for mail in stage.provider.mails]
    assert len(got) == len(set(got)) == runs.account(run).accepted
    assert adds_up(run)
