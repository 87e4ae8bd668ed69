"""One process, one queue: hears the bell and lets a forked horse do the job, so that a crash costs one job.

The listener itself never touches the database: a connection must not be shared across a fork.
"""

from __future__ import annotations

import contextlib
import logging
import mmap
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import FrameType
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.job import Job

from app import measures, pump
from app.db import db
from app.logs import log
from app.ops import kinship, presence

GRACE = 10.0  # seconds for the row in hand after we were asked to stop
SILENCE = 30  # seconds without an answer of Redis, which is asked to wait 15 for a job
PATIENCE = 3  # seconds after its timeout in which a job may still end by itself
UNKNOWN, DONE, FAILED = 0, 1, 2  # what the horse writes before it ends; UNKNOWN: it was killed
OUTCOMES = {UNKNOWN: "killed", DONE: "done", FAILED: "failed"}

Context = Callable[[], AbstractContextManager[Any]]


def listen(queue: str, redis_url: str, context: Context, parent: int) -> int:
    _say_what_rq_says()
    redis = _connected(redis_url, parent)
    try:
        listener = Listener(queue, redis, context, parent)
        listener.work(logging_level="WARNING")
    except (RedisError, OSError) as error:
        log.warning("listener stops", queue=queue, error=type(error).__name__)
        return 1
    return 0 if listener.is_asked_to_stop else 1


class Listener(Worker):
    max_connection_wait_time = 4.0  # RQ's own 60 s would sleep through our 30
    log_result_lifespan = False

    def __init__(self, queue: str, redis: Redis, context: Context, parent: int) -> None:
        super().__init__(
            [Queue(queue, connection=redis, serializer="json")],
            connection=redis,
            serializer="json",
            maintenance_interval=10,
            worker_ttl=30,
            job_monitoring_interval=5,
            log_job_description=False,
        )
        self.context = context
        self.parent = parent
        self.me = presence.here(queue, os.getpid())
        self.outcome = mmap.mmap(-1, 1)  # one byte that the horse and we both see
        self.is_asked_to_stop = False

    def subscribe(self) -> None:
        """No commands from Redis: without them there is no second thread to fork around."""

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        super().heartbeat(timeout, pipeline)
        presence.say(self.connection, self.me)
        if not self.is_horse and kinship.is_orphan(self.parent):
            os.kill(os.getpid(), signal.SIGTERM)

    def execute_job(self, job: Job, queue: Queue) -> None:
        self.outcome[0] = UNKNOWN
        try:
            super().execute_job(job, queue)
        finally:
            self._count(str(job.args[0]))

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        kinship.follow_into_death(self.me.pid, signal.SIGKILL)
        kinship.be_called(f"horse {queue.name}")
        with self.context():
            db.engine.dispose(close=False)
            super().main_work_horse(job, queue)

    def perform_job(self, job: Job, queue: Queue) -> bool:
        is_done = super().perform_job(job, queue)
        self.outcome[0] = DONE if is_done else FAILED
        return is_done

    def setup_work_horse_signals(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda _number, _frame: pump.stopping.set())

    def maintain_heartbeats(self, job: Job) -> None:
        """A job that hangs where no signal reaches it: RQ would wait for another minute."""
        if self.current_job_working_time > (job.timeout or 0) + PATIENCE:
            self.kill_horse()
        else:
            super().maintain_heartbeats(job)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.is_asked_to_stop = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def handle_warm_shutdown_request(self) -> None:
        if self.horse_pid:
            os.kill(self.horse_pid, signal.SIGTERM)
            timer = threading.Timer(GRACE, self.kill_horse)
            timer.daemon = True
            timer.start()

    def kill_horse(self, sig: signal.Signals = signal.SIGKILL) -> None:
        if self.horse_pid:  # without one, RQ would kill our own process group
            super().kill_horse(sig)

    def register_death(self) -> None:
        presence.leave(self.connection, self.me)
        super().register_death()  # type: ignore[no-untyped-call]

    def _count(self, name: str) -> None:
        outcome = OUTCOMES[self.outcome[0]]
        with contextlib.suppress(OSError):  # a folder of measures that is being emptied must not stop the work
            measures.JOBS.labels(name, outcome).inc()
        if outcome == "killed":
            log.warning("job", job=name, queue=self.me.what, outcome=outcome)


def _connected(url: str, parent: int) -> Redis:
    """Waits for Redis, for as long as it takes: the work waits in the database meanwhile."""
    # Longer than RQ blocks for a job: the client gives up on TCP after 5 s of silence by itself.
    redis, is_said = Redis.from_url(url, socket_connect_timeout=2, socket_timeout=SILENCE), False
    while True:
        try:
            redis.ping()
            return redis
        except (RedisError, OSError) as error:
            if not is_said:
                log.warning("redis away", error=type(error).__name__)
        is_said = True
        if kinship.is_orphan(parent):
            raise SystemExit(0)
        time.sleep(1)


def _say_what_rq_says() -> None:
    """As our own lines, and only the sentence: what RQ puts into it may be a traceback with a customer in it."""
    logger = logging.getLogger("rq")
    logger.addHandler(_OurLines(logging.WARNING))
    logger.propagate = False


class _OurLines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        log.warning("rq", said=str(record.msg).partition("\n")[0], error=error)
