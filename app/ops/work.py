"""Every table of work and its queue. Settings → Queues, /health/work, the metrics and the tick read it here.

A new table adds its Work to TABLES. Each question is one statement, whatever the number of tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, func, literal, or_, select, union_all

from app import claims
from app.automations import jobs as automation_jobs
from app.customers import jobs as customer_jobs
from app.db import db
from app.deliveries import jobs as delivery_jobs
from app.events import jobs as event_jobs
from app.hooks import jobs as hook_jobs
from app.imports import jobs as import_jobs
from app.ops.clockwork import CLOCKWORKS
from app.ops.erasures import Erasure
from app.ops.render_check import RenderCheck
from app.pump import SPENT, TOO_LONG, Work
from app.queue import QUEUES
from app.tracking import jobs as tracking_jobs

# Never discarded: nobody may be left half erased.
ERASURES = Work("Erasures", Erasure, "upkeep", "ops.erase", batch=1, may_be_discarded=False)
RENDER_CHECKS = Work("Render checks", RenderCheck, "upkeep", "ops.check_renderings", batch=1)
TABLES: list[Work] = [
    customer_jobs.INDEXES,
    event_jobs.EVENTS,
    import_jobs.IMPORTS,
    automation_jobs.WAITS,
    tracking_jobs.CREDIT,
    tracking_jobs.RECOUNTS,
    automation_jobs.RUNS,
    automation_jobs.SCANS,
    delivery_jobs.BATCHES,
    delivery_jobs.NOTICES,
    delivery_jobs.SENDER_CHECKS,
    tracking_jobs.REVIEWS,
    hook_jobs.CALLS,
    ERASURES,
    RENDER_CHECKS,
    *CLOCKWORKS,
]
CAP = 100_000  # waiting rows of one table are counted up to here: 20 ms
SHOWN = 50


@dataclass(frozen=True)
class Waiting:
    """`rows`: of which tables they are, by what those are called."""

    queue: str
    due: int  # rows that could be done, or are being done
    later: int  # rows that wait for their time or for another try
    oldest_seconds: float
    rows: tuple[tuple[str, int], ...] = ()

    def __add__(self, other: Waiting) -> Waiting:
        oldest = max(self.oldest_seconds, other.oldest_seconds)
        return Waiting(self.queue, self.due + other.due, self.later + other.later, oldest, self.rows + other.rows)


@dataclass(frozen=True)
class Running:
    work: Work
    key: str
    since: datetime
    by: str
    attempt: int


@dataclass(frozen=True)
class Failed:
    work: Work
    key: str
    why: str
    at: datetime
    attempts: int


def add(work: Work) -> None:
    """For tables that are not the product's own: a test's, a trial's (WORK_MODULES)."""
    if work not in TABLES:
        TABLES.append(work)


def waiting() -> dict[str, Waiting]:
    found = {queue: Waiting(queue, 0, 0, 0.0) for queue in QUEUES}
    for index, due, later, oldest in _all(_waiting):
        work = TABLES[index]
        ahead = 0 if work.is_clockwork else later
        rows = ((work.said, due + ahead),) if due + ahead else ()
        found[work.queue] += Waiting(work.queue, due, ahead, float(oldest or 0), rows)
    return found


def depths() -> dict[str, int]:
    return {queue: found.due for queue, found in waiting().items()}


def oldest_seconds() -> dict[str, float]:
    return {queue: round(found.oldest_seconds, 1) for queue, found in waiting().items()}


def running() -> list[Running]:
    rows = [Running(TABLES[index], *rest) for index, *rest in _all(_running)]
    return sorted(rows, key=lambda row: row.since)


def failed() -> list[Failed]:
    rows = [Failed(TABLES[index], *rest) for index, *rest in _all(_failed)]
    return sorted(rows, key=lambda row: row.at, reverse=True)


def failed_counts() -> dict[str, int]:
    counts = dict.fromkeys(QUEUES, 0)
    for index, count in _all(_failed_count):
        counts[TABLES[index].queue] += count
    return counts


def timed_out() -> list[tuple[Work, int]]:
    """Rows that ran into the time limit of their job, or stopped its worker, and are not done yet."""
    return [(TABLES[index], count) for index, count in _all(_timed_out) if count]


def due_jobs() -> list[str]:
    """The jobs whose bells the tick rings."""
    return [TABLES[index].job for (index,) in _all(_due)]


def find(table: str, key: str) -> tuple[Work, Any] | None:
    """The table of that name and the key in its own type, as a form sends both."""
    work = next((work for work in TABLES if work.table == table and not work.is_clockwork), None)
    if work is None:
        return None
    if claims.key_of(work.model).type.python_type is str:
        return work, key
    return (work, int(key)) if key.isascii() and key.isdecimal() and len(key) < 19 else None


def _all(question: Callable[[int, Work], Select[Any]]) -> Iterable[tuple[Any, ...]]:
    asked = [question(index, work) for index, work in enumerate(TABLES)]
    return [tuple(row) for row in db.session.execute(union_all(*asked))]


def _waiting(index: int, work: Work) -> Select[Any]:
    model = work.model
    rows = (
        select(model.waiting_since, model.not_before)
        .where(model.waiting_since.is_not(None), *work.only)
        .order_by(model.not_before)
        .limit(CAP)
        .subquery()
    )
    is_due = rows.c.not_before <= func.now()
    age = func.extract("epoch", func.now() - func.min(rows.c.waiting_since).filter(is_due))
    return _select(index, func.count().filter(is_due), func.count().filter(~is_due), age)


def _running(index: int, work: Work) -> Select[Any]:
    model = work.model
    rows = _select(index, _key(work), model.claimed_at, model.claimed_by, model.attempts)
    return _some(rows.where(model.waiting_since.is_not(None), model.lease_until > func.now(), *work.only))


def _failed(index: int, work: Work) -> Select[Any]:
    model = work.model
    rows = _select(index, _key(work), model.error, model.failed_at, model.attempts)
    return _some(rows.where(model.failed_at.is_not(None), *work.only).order_by(model.failed_at.desc()))


def _failed_count(index: int, work: Work) -> Select[Any]:
    return _select(index, func.count()).where(work.model.failed_at.is_not(None), *work.only)


def _timed_out(index: int, work: Work) -> Select[Any]:
    model = work.model
    is_left = or_(model.waiting_since.is_not(None), model.failed_at.is_not(None))
    rows = select(model.error).where(is_left, *work.only).limit(CAP).subquery()
    return _select(index, func.count()).where(rows.c.error.in_((TOO_LONG, SPENT)))


def _due(index: int, work: Work) -> Select[Any]:
    rows = select(claims.key_of(work.model)).where(claims.is_due(work.model, func.now()), *work.only)
    return _select(index).where(rows.exists())


def _key(work: Work) -> ColumnElement[str]:
    return cast(claims.key_of(work.model), Text)


def _select(index: int, *columns: Any) -> Select[Any]:
    return select(literal(index), *columns)


def _some(rows: Select[Any]) -> Select[Any]:
    return select(rows.limit(SHOWN).subquery())
