"""Whatever is killed, stopped or emptied, every row gets done once, and soon: the promise is 30 seconds.

The bounds here are wider, for slow machines; RECOVERY=1 prints what it took.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import psutil
import pytest
from redis import Redis
from sqlalchemy import text

from app.customers.attribute_indexes import AttributeIndex, index_name
from app.customers.attributes import AttributeType
from app.db import db
from app.queue import redis_connection
from tests.work.errands import Errand
from tests.work.running import OwnRedis, Workers, ask_for, effects, row, until, waiting

Start = Callable[..., Workers]
pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not os.environ.get("LONG"), reason="LONG=1 runs these: each takes up to a minute"),
]


@pytest.fixture
def at_work(workers: Start) -> Callable[..., tuple[Workers, list[int]]]:
    def start(*arguments: str, **env: str) -> tuple[Workers, list[int]]:
        """Busy with the second of ten errands of half a second each."""
        keys = ask_for(*["sleep 0.5"] * 10)
        worker = workers(*(arguments or ("events",)), **env)
        until(lambda: len(effects()) >= 1)
        return worker, keys

    return start


def recovered(keys: list[int], what: str) -> None:
    began = time.monotonic()
    until(lambda: waiting() == 0, 120)
    if os.environ.get("RECOVERY"):
        print(f"\n{what}: all done {time.monotonic() - began:.1f} s later")  # noqa: T201
    assert effects() == dict.fromkeys(keys, 1)


@pytest.mark.parametrize("who", ["horse", "listener", "tick", "parent"])
def test_a_kill_9_loses_nothing_and_does_nothing_twice(
    at_work: Callable[..., tuple[Workers, list[int]]], workers: Start, who: str
) -> None:
    worker, keys = at_work()
    victims = {"horse": worker.horse, "listener": lambda: worker.child("events"), "tick": lambda: worker.child("tick")}
    if who == "parent":
        worker.process.kill()
        workers("events")  # as whatever looks after it would
    else:
        worker.kill(victims[who]())
    recovered(keys, f"kill -9 of the {who}")


def test_a_dead_child_comes_back(workers: Start) -> None:
    worker = workers("events")
    until(lambda: worker.child("events") and worker.child("tick"))
    for name in ("events", "tick"):
        before = worker.child(name)
        worker.kill(before)
        until(lambda name=name, before=before: worker.child(name) not in (None, before))


def test_an_emptied_redis_loses_nothing(at_work: Callable[..., tuple[Workers, list[int]]]) -> None:
    _worker, keys = at_work()
    redis_connection().flushdb()
    keys += ask_for("quick")
    redis_connection().flushdb()
    recovered(keys, "FLUSHDB")


def test_a_redis_that_restarts_loses_nothing(
    at_work: Callable[..., tuple[Workers, list[int]]], own_redis: OwnRedis
) -> None:
    _worker, keys = at_work("events", REDIS_URL=own_redis.url)
    own_redis.stop()
    time.sleep(3)
    keys += ask_for("quick")
    own_redis.start()
    recovered(keys, "Redis away for 3 s")


def test_workers_wait_for_a_redis_that_comes_later(workers: Start, own_redis: OwnRedis) -> None:
    own_redis.stop()
    keys = ask_for("quick")
    workers("events", REDIS_URL=own_redis.url)
    time.sleep(5)
    own_redis.start()
    recovered(keys, "Redis started after the workers")


def test_a_worker_with_nothing_to_do_stays_when_redis_is_reached_by_tcp(workers: Start, own_redis: OwnRedis) -> None:
    """The client's own patience for TCP is 5 s, RQ's for a job 15."""
    worker = workers("upkeep", "--no-scheduler", REDIS_URL=own_redis.tcp_url)
    worker.redis = Redis.from_url(own_redis.url)
    until(lambda: worker.child("upkeep"))
    idle = worker.child("upkeep")
    time.sleep(20)
    assert idle
    assert idle.is_running()
    assert "worker ended" not in worker.log.read_text()


def test_database_sessions_that_are_cut_lose_nothing(at_work: Callable[..., tuple[Workers, list[int]]]) -> None:
    _worker, keys = at_work()
    db.session.execute(
        text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name LIKE 'worker%'"
        )
    )
    recovered(keys, "database sessions cut")


def test_a_row_that_kills_its_worker_is_set_aside(workers: Start) -> None:
    keys = ask_for("quick", "die", "quick", "quick")
    workers("events")
    until(lambda: row(keys[1]).failed_at, 200)
    assert row(keys[1]).error == "It stopped its worker each time it was tried."
    assert effects() == {key: 1 for key in keys if key != keys[1]}


def test_a_worker_that_comes_back_after_its_lease_records_nothing(workers: Start) -> None:
    (key,) = ask_for("freeze")
    worker = workers("events")
    second = workers("events", "--no-scheduler")
    until(lambda: _frozen(worker, second))
    frozen = _frozen(worker, second)
    until(lambda: waiting() == 0, 60)
    frozen.send_signal(signal.SIGCONT)
    until(lambda: "row lost" in worker.log.read_text() or not frozen.is_running())
    assert effects() == {key: 1}
    assert row(key).attempts == 2


def test_a_job_that_hangs_holds_its_queue_up_for_less_than_half_a_minute(workers: Start) -> None:
    hanging, *rest = ask_for("sleep 3600", "quick", "quick")
    workers("events")
    until(lambda: row(hanging).error, 90)
    assert "longer" in (row(hanging).error or "")
    until(lambda: effects() == dict.fromkeys(rest, 1), 60)


def _frozen(*workers: Workers):
    """A horse that has done its work meanwhile is none."""
    horses = [worker.horse() for worker in workers]
    with suppress(psutil.NoSuchProcess):
        return next((horse for horse in horses if horse and horse.status() == "stopped"), None)
    return None


@pytest.fixture
def own_redis(errands: type[Errand], tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
    known: Redis = redis_connection()
    redis = OwnRedis(str(known.info("server")["executable"]), tmp_path_factory.mktemp("r"))
    yield redis
    redis.stop()


def test_an_index_whose_builder_is_killed_is_built_in_the_end(workers: Start) -> None:
    """An old transaction holds the building up for as long as we like, and we kill the builder meanwhile."""
    db.session.add_all([AttributeType(name="score", field_type="numeric"), AttributeIndex(name="score")])
    db.session.commit()
    with db.engine.connect().execution_options(isolation_level="REPEATABLE READ") as old:
        old.execute(text("SELECT count(*) FROM customers"))
        worker = workers("upkeep")
        until(lambda: _index_state() is False)
        worker.kill(worker.horse("upkeep"))
    began = time.monotonic()
    until(lambda: _index_state() is True and not _is_waiting(), 120)
    if os.environ.get("RECOVERY"):
        print(f"\nkill -9 while an index is built: ready {time.monotonic() - began:.1f} s later")  # noqa: T201
    db.session.execute(text(f"DROP INDEX {index_name('score')}"))
    db.session.commit()


def _index_state() -> bool | None:
    db.session.rollback()
    asked = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")
    return db.session.scalar(asked, {"name": index_name("score")})


def _is_waiting() -> bool:
    return bool(db.session.scalar(text("SELECT 1 FROM attribute_indexes WHERE waiting_since IS NOT NULL")))
