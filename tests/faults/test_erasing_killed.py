"""A worker is killed with -9 in the middle of an erasure: the next one goes on, and in the end nothing is left."""

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

from app.audit import Actor
from app.db import db
from app.events import partitions
from app.ops import erasing
from app.ops.erasures import Erasure
from tests.factories import NOW, make_customer

ROOT = Path(__file__).parents[2]
EVENTS = 120_000
PATIENCE = 120
pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not os.environ.get("LONG"), reason="kills workers: bin/test --long"),
    pytest.mark.timeout(600),
]


@pytest.fixture
def start(app: object, environment: dict[str, str]) -> Iterator[object]:
    started: list[subprocess.Popen[bytes]] = []

    def worker() -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        env = {**os.environ, **environment, "LOG_FORMAT": "plain"}
        command = [sys.executable, "worker.py", "upkeep"]
        started.append(subprocess.Popen(command, cwd=ROOT, env=env, stdout=quiet, stderr=quiet))
        return started[-1]

    yield worker
    for process in started:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    whole = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    for one in whole:
        one.send_signal(signal.SIGKILL)
    psutil.wait_procs(whole, 10)
    process.wait(10)


def fresh(erasure_id: int) -> Erasure:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Erasure, erasure_id)


def until(is_so: object, erasure_id: int) -> Erasure:
    deadline = time.monotonic() + PATIENCE
    while not is_so(erasure := fresh(erasure_id)):  # type: ignore[operator]
        assert time.monotonic() < deadline, erasure.error
        time.sleep(0.01)
    return erasure


def test_killed_in_the_middle_the_next_worker_forgets_the_rest(start):
    customer = make_customer(email="maya@x.example")
    partitions.ensure(NOW, NOW)
    db.session.execute(
        text(
            "INSERT INTO events (occurred_at, customer_id, name)"
            " SELECT CAST(:now AS timestamptz) + n * interval '1 second', :id, 'login' FROM generate_series(1, :many) n"
        ),
        {"now": NOW, "id": customer.id, "many": EVENTS},
    )
    erasure = erasing.begin(customer.id, Actor("user", 1, "Ada"))
    db.session.commit()
    assert erasure
    worker = start()
    half = until(lambda one: one.steps.get("events", {}).get("events"), erasure.id)
    kill(worker)
    assert 0 < half.steps["events"]["events"] < EVENTS
    assert not fresh(erasure.id).finished_at
    start()
    done = until(lambda one: one.finished_at, erasure.id)
    assert done.steps["events"]["events"] == EVENTS
    assert db.session.scalar(text("SELECT count(*) FROM events")) == 0
