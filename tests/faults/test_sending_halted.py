"""Somebody halts a run, or all mail, while two workers send: within two seconds nothing goes out, and it goes on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from app.audit.actor import COMMAND_LINE
from app.clock import clock
from app.db import db
from app.deliveries import runs, stopping
from app.deliveries.run import Run
from tests.faults.mailing import PEOPLE, Stage, fresh, healed
from tests.work.running import until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not os.environ.get("LONG"), reason="runs for minutes: bin/test --long"),
    pytest.mark.timeout(300),
]
AT_ONCE = 2  # seconds
Act = Callable[[Run], object]
HALTS: dict[str, tuple[Act, Act]] = {
    "pause": (lambda run: runs.pause(run, "Wait", COMMAND_LINE), lambda run: runs.resume(run, COMMAND_LINE)),
    "stop all mail": (
        lambda _: stopping.throw(True, stopping.versioned()[1], COMMAND_LINE),
        lambda _: stopping.throw(False, stopping.versioned()[1], COMMAND_LINE),
    ),
}


def begun(stage: Stage) -> Run:
    stage.provider.set(rate=3)
    run = stage.plan()
    stage.start()
    stage.start("send", "--no-scheduler")
    until(lambda: stage.provider.counts["mails"] >= PEOPLE // 5)
    return fresh(run)


def quiet(stage: Stage) -> int:
    """Mails, once nothing new may go out; and none comes after."""
    time.sleep(AT_ONCE)
    mails = stage.provider.counts["mails"]
    time.sleep(5)
    assert stage.provider.counts["mails"] == mails < PEOPLE
    return mails


@pytest.mark.parametrize("how", HALTS)
def test_what_is_halted_rests_within_two_seconds_and_goes_on(stage: Stage, how: str) -> None:
    halt, go_on = HALTS[how]
    run = begun(stage)
    halt(run)
    db.session.commit()
    quiet(stage)
    go_on(fresh(run))
    db.session.commit()
    print(f"{how}: healed {healed(stage, run)} s later")  # noqa: T201


def test_what_is_cancelled_is_over_within_two_seconds_and_accounted_for(stage: Stage) -> None:
    run = begun(stage)
    runs.cancel(run, clock(), COMMAND_LINE)
    db.session.commit()
    mails = quiet(stage)
    account = runs.account(fresh(run))
    assert (run.state, account.waiting, account.accepted) == ("cancelled", 0, mails)
    assert account.skipped["cancelled"] >= PEOPLE - mails  # and those whose odd address nobody had looked at yet
    assert account.planned == mails + sum(account.skipped.values())
