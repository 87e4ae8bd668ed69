"""Real workers, a provider that refuses every tenth mail: the run stops after a few hundred and loses nobody."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import text

from app.audit.actor import COMMAND_LINE
from app.db import db
from app.deliveries import runs
from app.deliveries.run import Run
from app.queue import ring
from tests.faults.mailing import PEOPLE, Stage, fresh
from tests.work.running import until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not os.environ.get("LONG"), reason="two thousand mails by two workers: bin/test --long"),
    pytest.mark.timeout(400),
]
WORKERS = 2
# Only the provider finds fault with these addresses.
SPOIL = "UPDATE customers SET email = 'ä' || email WHERE email LIKE 'p%7@%' AND first_name = 'Eligible'"
MEND = "UPDATE customers SET email = substr(email, 2) WHERE email LIKE 'ä%'"
# The hundred, and for each worker what it had on its way and one batch more while another counted.
MOST = 100 + WORKERS * 200


def written(statement: str) -> None:
    db.session.execute(text(statement))
    db.session.commit()


def adds_up(run: Run) -> bool:
    found = runs.account(run)
    out = found.accepted + sum(found.failed.values()) + found.uncertain
    return found.planned == run.planned == found.waiting + out + sum(found.skipped.values())


def test_a_run_whose_mails_are_refused_stops_soon_and_goes_on_once_they_are_mended(stage: Stage) -> None:
    written(SPOIL)
    run = stage.plan()
    for _ in range(WORKERS):
        stage.start()
    until(lambda: fresh(run).state == "paused", 200)
    until(lambda: not in_hand())  # what waits for its place would go out, sealed as it is, if the run went on before
    account = runs.account(run)
    outcomes = account.accepted + sum(account.failed.values())
    print(f"stopped after {outcomes} outcomes: {run.state_reason}")  # noqa: T201
    assert run.state_reason.startswith("It paused itself: ")
    assert 100 <= outcomes <= MOST
    assert account.waiting >= PEOPLE - MOST
    assert adds_up(run)
    written(MEND)
    runs.resume(fresh(run), COMMAND_LINE)
    db.session.commit()
    ring("deliveries.send")
    until(lambda: fresh(run).state == "finished", 200)
    got = [mail["recipient"].lower() for mail in stage.provider.mails]
    assert len(got) == len(set(got)) == runs.account(run).accepted > PEOPLE - MOST
    assert runs.account(run).failed == account.failed
    assert adds_up(run)


def in_hand() -> int:
    """Batches that a worker has, on their way or about to be."""
    db.session.rollback()
    return db.session.scalar(text("SELECT count(*) FROM batches WHERE lease_until > now()")) or 0
