"""A worker is killed with -9 at every stage of a file's journey: the totals are those of a file that met no harm."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from app.db import db
from app.imports import journey
from app.imports.upload import Import
from tests.factories import make_customer
from tests.imports.bringing import MAX, counts, uploaded

ROOT = Path(__file__).parents[2]
ROWS = 60_000
PATIENCE = 120
pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not os.environ.get("LONG"), reason="kills workers for minutes: bin/test --long"),
    pytest.mark.timeout(600),
]


class Workers:
    """One `python worker.py imports` after another."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.env = {**os.environ, **environment, "LOG_FORMAT": "plain"}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        quiet = subprocess.DEVNULL
        command = [sys.executable, "worker.py", "imports"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=quiet, stderr=quiet)

    def kill(self) -> None:
        """All of them at once, as a machine that loses its power does."""
        if self.process is None:
            return
        whole = [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]
        for one in whole:
            one.send_signal(signal.SIGKILL)
        psutil.wait_procs(whole, 10)
        self.process.wait(10)
        self.process = None


@pytest.fixture
def workers(app: object, environment: dict[str, str]) -> Iterator[Workers]:
    started = Workers(environment)
    yield started
    started.kill()


def fresh(upload_id: int) -> Import:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Import, upload_id)


def file() -> str:
    lines = ["lms_lead_id,email,score:numeric,city"]
    for n in range(ROWS):
        address = "nobody" if n % 100 == 7 else f"p{n}@x.example"
        lines.append(f"L{n % (ROWS - 500)},{address},{n % 97},City {n % 50}")
    return "\n".join(lines) + "\n"


def until_killed_in(state: str, upload_id: int, workers: Workers, far: str) -> bool:
    """Starts a worker and kills it once it is some way into this state; no, when it was too quick for that."""
    workers.start()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        upload = fresh(upload_id)
        if upload.state == state and getattr(upload, far) > 0:
            workers.kill()
            return True
        if upload.state in {"preview", "done", "undone"}:
            workers.kill()
            return False
        time.sleep(0.01)
    raise AssertionError(f"it never came to {state}")


def until(state: str, upload_id: int) -> Import:
    deadline = time.monotonic() + PATIENCE
    while (upload := fresh(upload_id)).state != state:
        assert time.monotonic() < deadline, f"still {upload.state}: {upload.problem or upload.error}"
        time.sleep(0.1)
    return upload


def journeyed(workers: Workers, with_kills: bool) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    db.session.execute(text("TRUNCATE attribute_changes"))
    db.session.execute(text("DELETE FROM customers"))
    db.session.commit()
    for n in range(0, 2_000, 2):
        make_customer(f"P{n}", lms_lead_id=f"L{n}", attributes={"score": -1})
    upload = uploaded(file())
    journey.set_columns(upload, upload.columns, {})
    db.session.commit()
    if with_kills:
        assert until_killed_in("staging", upload.id, workers, "staged_rows")
    workers.start()
    until("preview", upload.id)
    workers.kill()
    journey.confirm(fresh(upload.id), MAX)
    db.session.commit()
    if with_kills:
        assert until_killed_in("applying", upload.id, workers, "applied_rows")
    workers.start()
    upload = until("done", upload.id)
    workers.kill()
    held = db.session.execute(
        text("SELECT count(*), sum((attributes ->> 'score')::int), sum(length(email)) FROM customers")
    ).one()
    return counts(upload), tuple(held), int(db.session.scalar(text("SELECT count(*) FROM attribute_changes")) or 0)


def test_killed_while_reading_and_while_writing_the_totals_are_the_same(workers):
    unharmed, harmed = journeyed(workers, False), journeyed(workers, True)
    assert harmed == unharmed
    assert sum(harmed[0]) == ROWS
