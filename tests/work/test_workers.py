"""Real processes: everything waiting gets done, once, whoever is killed meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from app.ops.presence import everybody
from app.queue import redis_connection
from tests.work.running import ROOT, Workers, ask_for, effects, is_alive, row, until, waiting

Start = Callable[..., Workers]
is_long = pytest.mark.skipif(not os.environ.get("LONG"), reason="LONG=1 runs it")


def once_each(keys: list[int]) -> dict[int, int]:
    return dict.fromkeys(keys, 1)


def lines(worker: Workers) -> list[dict[str, object]]:
    return [json.loads(line) for line in worker.log.read_text().splitlines() if line.startswith("{")]


def test_two_workers_do_every_row_once(workers: Start) -> None:
    keys = ask_for(*["quick"] * 60)
    workers("events")
    workers("events")
    until(lambda: waiting() == 0)
    assert effects() == once_each(keys)


def test_a_job_is_one_line_that_says_what_how_many_and_how_long(workers: Start) -> None:
    ask_for(*["quick"] * 3)
    worker = workers("events")
    until(lambda: waiting() == 0)
    until(lambda: any(line.get("job") == "tests.work.errands.run" for line in lines(worker)))
    line = next(line for line in lines(worker) if line.get("job") == "tests.work.errands.run")
    assert (line["job"], line["queue"], line["done"]) == ("tests.work.errands.run", "events", 3)
    assert line["ms"]


def test_a_failing_row_steps_aside_and_the_rest_gets_done(workers: Start) -> None:
    keys = ask_for("quick", "fail", "quick", "quick", "quick")
    worker = workers("events")
    until(lambda: row(keys[1]).error)
    until(lambda: waiting() == 1)
    assert effects() == once_each([key for key in keys if key != keys[1]])
    assert "ValueError" in (row(keys[1]).error or "")
    assert "secret@" not in (row(keys[1]).error or "")
    assert "secret@" not in worker.log.read_text()


def test_a_warm_stop_finishes_the_row_in_hand_and_gives_the_rest_back(workers: Start) -> None:
    keys = ask_for(*["sleep 1.5"] * 4)
    worker = workers("events")
    until(lambda: any(row(key).claimed_by for key in keys))
    assert worker.stop() == 0
    assert effects() == once_each(keys[:1])
    assert [row(key).attempts for key in keys] == [1, 0, 0, 0]
    assert all(row(key).lease_until is None for key in keys)


def test_they_say_who_is_there_and_leave_when_they_stop(workers: Start) -> None:
    worker = workers("events")
    until(lambda: {who.what for who in everybody(redis_connection())} == {"events", "tick"})
    worker.stop()
    assert "events" not in {who.what for who in everybody(redis_connection())}


def test_no_scheduler_starts_no_tick(workers: Start) -> None:
    worker = workers("events", "--no-scheduler")
    until(lambda: worker.child("events"))
    assert worker.child("tick") is None


@pytest.mark.parametrize(
    ("arguments", "env", "said"),
    [
        (["events"], {"DATABASE_URL": ""}, "DATABASE_URL is not set"),
        (["events"], {"REDIS_URL": "here"}, "REDIS_URL must look like"),
        (["letters"], {}, "there is no queue “letters”"),
    ],
)
def test_a_wrong_start_is_one_sentence(
    environment: dict[str, str], arguments: list[str], env: dict[str, str], said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "worker.py", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_its_children_end_with_a_killed_parent(workers: Start) -> None:
    worker = workers("events")
    until(lambda: worker.child("events") and worker.child("tick"))
    children = [worker.child("events"), worker.child("tick")]
    worker.process.kill()
    until(lambda: not any(map(is_alive, children)))


def test_a_database_that_is_away_is_waited_for(workers: Start) -> None:
    worker = workers("events", DATABASE_URL="postgresql://nobody@127.0.0.1:9/nothing")
    until(lambda: any(line["event"] == "tick" for line in lines(worker)))
    assert worker.process.poll() is None
    assert worker.stop() == 0
    assert [line["error"] for line in lines(worker) if line["event"] == "tick"] == ["OperationalError"]
