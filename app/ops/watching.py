"""What goes wrong without a run or an automation to say so: looked for every minute, an alert while it stands.

Each look names what it finds; what it finds no more is over. The thresholds stand here, with their reasons.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from app import running
from app.alerts import keeping as alerts
from app.db import db
from app.deliveries import braking, pace
from app.metrics import ranges, reports
from app.metrics.figures import Figures
from app.metrics.scope import Scope
from app.ops import work
from app.settings import team
from app.wording import percent

# Twice as long as the overview waits before it shows it: a restart is no reason for a mail.
LATE = timedelta(minutes=10)
# Of mails sent, as for the brakes of a run: providers look into an account from 5 % bounces and 0.1 % complaints on.
SHARES = {"failed": 0.05, "bounced": 0.05, "complained": 0.001}
DAYS = 2  # today and yesterday: in the first hours of a day there is little to take a share of
QUOTA = 0.8  # a day's mail that has used so much of it before the evening will not all go out
# A page asks about thirty questions: at 100 ms each it takes three seconds. Most answers take less than 1 ms.
SLOW_ANSWER, ANSWERS = 0.1, 20
LONG_WAIT = timedelta(seconds=30)  # for a lock; a request has been given up by then
LONG_STATEMENT = timedelta(minutes=5)  # the longest of ours, beside files and indexes, takes seconds
SAID = {"failed": "failed", "bounced": "bounced", "complained": "was reported as spam"}
OVER = "It is over."
WAITS = text(
    """
    SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE a.datname = current_database() AND NOT l.granted AND l.waitstart < clock_timestamp() - :longest
    """
)
STATEMENTS = text(
    r"""
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
       AND state = 'active' AND query_start < clock_timestamp() - :longest
       AND query !~* '^\s*(copy|create\s+(unique\s+)?index|vacuum|analyze|reindex)'
    """
)


@dataclass(frozen=True)
class Trouble:
    what: str
    title: str
    said: str
    path: str = "/settings/queues"


def watch(now: datetime) -> None:
    for family, look in LOOKS.items():
        found = look(now)
        for one in found:
            alerts.sound(f"{family}:{one.what}", one.title, one.said, one.path)
        alerts.settle_others(family, [f"{family}:{one.what}" for one in found], OVER)


def late(_now: datetime) -> Sequence[Trouble]:
    said = "Perhaps no worker runs, or there are too few. Nothing is lost."
    return [
        Trouble(queue, f"Work of the queue “{queue}” waits for more than {LATE // timedelta(minutes=1)} minutes", said)
        for queue, age in work.oldest_seconds().items()
        if age > LATE.total_seconds()
    ]


def timed_out(_now: datetime) -> Sequence[Trouble]:
    said = "It is tried again by itself a few times; then it waits for somebody under Settings → Queues."
    return [
        Trouble(one.table, f"“{one.said}”: {count:,} took longer than a job may take", said)
        for one, count in work.timed_out()
    ]


def bad_mail(now: datetime) -> Sequence[Trouble]:
    zone = team.zone()
    return bad_shares(reports.total(Scope(ranges.lately(DAYS, now.astimezone(zone).date(), zone))))


def bad_shares(figures: Figures) -> Sequence[Trouble]:
    """Of all mail together: many small runs may harm the account as one large one does."""
    shares: Mapping[str, float | None] = {name: getattr(figures, f"{name}_rate") for name in SHARES}
    is_enough = figures.sent + figures.failed >= braking.LEAST
    return [
        Trouble(
            name,
            f"{percent(share)} of the mail of these two days {SAID[name]}",
            f"More than {percent(SHARES[name])} harms the name of the sender. The page says which mails they were.",
            "/metrics?range=7d",
        )
        for name, share in shares.items()
        if is_enough and share is not None and share > SHARES[name]
    ]


def quota(_now: datetime) -> Sequence[Trouble]:
    """Where the provider says how much it allows; one that is used up closes the account, which has its own alert."""
    name = running.config().mail_provider
    used, most = pace.quota(name) or (0.0, 0.0)
    if not most or used < QUOTA * most:
        return []
    title = f"{percent(used / most)} of what the provider allows in a day is used"
    return [Trouble(name, title, f"{used:,.0f} of {most:,.0f} mails. Once it is used up, everything waits.", "/runs")]


def slow(_now: datetime) -> Sequence[Trouble]:
    found = []
    if (answer := _answer_time()) > SLOW_ANSWER:
        said = f"One in twenty of the smallest questions took {answer * 1000:,.0f} ms or more."
        found.append(Trouble("answers", "The database answers slowly", said))
    if waits := db.session.scalar(WAITS, {"longest": LONG_WAIT}):
        said = (
            f"Waiting for more than {LONG_WAIT.seconds} seconds: {waits:,}. Whoever holds the lock may have been left."
        )
        found.append(Trouble("locks", "Work in the database waits for a lock", said))
    if running_long := db.session.scalar(STATEMENTS, {"longest": LONG_STATEMENT}):
        said = f"Running for more than {LONG_STATEMENT.seconds // 60} minutes: {running_long:,}."
        found.append(Trouble("statements", "A statement in the database runs very long", said))
    return found


def _answer_time() -> float:
    """The second slowest of twenty."""
    return sorted(_took() for _ in range(ANSWERS))[-2]


def _took() -> float:
    began = time.perf_counter()
    db.session.execute(text("SELECT 1"))
    return time.perf_counter() - began


LOOKS: dict[str, Callable[[datetime], Sequence[Trouble]]] = {
    "queue-late": late,
    "job-timeout": timed_out,
    "mail-bad": bad_mail,
    "quota-nearly": quota,
    "database-slow": slow,
}
