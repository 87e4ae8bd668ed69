"""The bell. Work waits in PostgreSQL; a job of RQ only says “look at your table” and carries ids or nothing.

A bell that was rung and not yet heard is not rung again. Without Redis nothing is lost: the tick rings later.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from flask import current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue

from app.db import db
from app.logs import log, place_of

QUEUES = ("send", "runs", "events", "imports", "upkeep")
TIMEOUT = 20  # seconds for one job: with the 8 s until its worker notices, a hang holds a queue up for < 30 s
UNHEARD = 10  # seconds after which a bell that nobody heard may be rung again
WAITING_BELLS = 100  # nobody listens: more of them would only fill Redis
PAUSE = 5.0  # seconds without a try after Redis did not answer, so that no request waits for it twice

Answer = TypeVar("Answer", bound=Callable[..., int])


@dataclass(frozen=True)
class Bell:
    name: str
    queue: str
    timeout: int
    answer: Callable[..., int]  # says how many rows it did


BELLS: dict[str, Bell] = {}


class JobFailed(Exception):
    """All that RQ hears of a failure: a traceback may quote a customer."""


def job(queue: str, timeout: int = TIMEOUT, name: str | None = None) -> Callable[[Answer], Answer]:
    """`@job("imports")` on a function of a room's jobs.py; worker.py brings the application's context."""
    assert queue in QUEUES, queue

    def register(answer: Answer) -> Answer:
        bell = Bell(name or name_of(answer), queue, timeout, answer)
        BELLS[bell.name] = bell
        return answer

    return register


def name_of(answer: Callable[..., int]) -> str:
    """`customers.build_indexes` for app/customers/jobs.py"""
    room = answer.__module__.removeprefix("app.").removesuffix(".jobs")
    return f"{room}.{answer.__name__}"


def ring(what: str | Callable[..., int], *ids: int | str) -> None:
    """Rings a job, by itself or by its name, or all the jobs of a queue. Never raises because of Redis."""
    if time.monotonic() < _outage.no_try_before:
        return
    try:
        for bell in _bells(what):
            _ring(bell, ids)
        _outage.is_over()
    except (RedisError, OSError) as error:
        _outage.began(error)


def ringer(what: str) -> Callable[[], None]:
    """For a thread that has no application around it."""
    context = current_app.app_context

    def ring_it() -> None:
        with context():
            ring(what)

    return ring_it


def hear(name: str, *ids: int | str) -> None:
    """What RQ calls. The bell is free again before the table is looked at: what comes later rings anew."""
    bell, started = BELLS[name], time.perf_counter()
    _let_it_ring_again(bell, ids)
    try:
        done = bell.answer(*ids)
    except Exception as error:
        log.error("job", job=name, queue=bell.queue, ms=_ms(started), outcome="failed", **place_of(error))
        raise JobFailed from None
    finally:
        db.session.remove()
    log.info("job", job=name, queue=bell.queue, done=done, ms=_ms(started), outcome="done")


def redis_connection() -> Redis:
    return connect(current_app.extensions["config"].redis_url)


@cache
def connect(url: str) -> Redis:
    # One quick second try: a connection kept from before a restart of Redis is always broken.
    return Redis.from_url(url, socket_connect_timeout=1, socket_timeout=2, retry=Retry(NoBackoff(), 1))


@cache
def _queue(url: str, name: str) -> Queue:
    return Queue(name, connection=connect(url), serializer="json")


def _bells(what: str | Callable[..., int]) -> list[Bell]:
    name = what if isinstance(what, str) else name_of(what)
    return [BELLS[name]] if name in BELLS else [bell for bell in BELLS.values() if bell.queue == name]


def _ring(bell: Bell, ids: tuple[int | str, ...]) -> None:
    redis = redis_connection()
    queue = _queue(current_app.extensions["config"].redis_url, bell.queue)
    with redis.pipeline(transaction=False) as asked:
        asked.set(_rung(bell, ids), 1, nx=True, ex=UNHEARD)
        asked.llen(queue.key)
        is_new, waiting = asked.execute()
    if is_new and waiting < WAITING_BELLS:
        queue.enqueue_call(
            "app.queue.hear",
            args=(bell.name, *ids),
            timeout=bell.timeout,
            ttl=60,
            result_ttl=0,
            failure_ttl=60,
            description=bell.name,
        )


def _let_it_ring_again(bell: Bell, ids: tuple[int | str, ...]) -> None:
    try:
        redis_connection().delete(_rung(bell, ids))
    except (RedisError, OSError) as error:
        _outage.began(error)


def _rung(bell: Bell, ids: tuple[int | str, ...]) -> str:
    return ":".join(["campus", "rung", bell.name, *map(str, ids)])


def _ms(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)


class _Outage:
    """Said once when it begins and once when it is over."""

    def __init__(self) -> None:
        self.no_try_before = 0.0
        self.is_said = False

    def began(self, error: Exception) -> None:
        self.no_try_before = time.monotonic() + PAUSE
        if not self.is_said:
            log.warning("redis away", error=type(error).__name__)
        self.is_said = True

    def is_over(self) -> None:
        if self.is_said:
            log.info("redis back")
        self.is_said = False


_outage = _Outage()
