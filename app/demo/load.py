"""Brings a plan into an empty product by COPY: a large one from several processes, a small one in one transaction.

A million people with ten million events took 175 s on two shared cores: 96 s for the rows (147,000 a second), 55 s for
the indexes, 24 s for statistics and hint bits. Binary COPY would save 0.3 of the 13 µs of a row: not worth its opacity.
"""

from __future__ import annotations

import multiprocessing
import os
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import psycopg

from app.demo import aside, attributes, progress
from app.demo.chunk import PARTS, Chunk
from app.demo.plan import Plan
from app.demo.progress import Progress

TABLES = ("customers", "attribute_types", "attribute_changes", "funnel_events", "events")
# What stands without its people: their mails, and everything that was counted of them.
MAIL = (
    "runs", "deliveries", "delivery_events", "conversions", "credit_work", "recounts", "hit_reviews",
    "delivery_receipts", "receipt_questions", "trigger_waits", "trigger_last", "roll_up", "mail_deltas",
    "moment_deltas", "credit_deltas", "mail_days", "mailbox_days", "mail_hours", "moment_days", "moment_totals",
    "credit_days", "product_views",
)  # fmt: skip
SEQUENCES = ("customers", "attribute_changes")

NEXT_ID = """
    SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM {table}), false)
"""
NEXT_FACT = """
    SELECT setval('fact_ids', 1 + greatest((SELECT coalesce(max(id), 0) FROM funnel_events),
                                           (SELECT coalesce(max(id), 0) FROM events)), false)
"""

Counts = dict[str, int]
Say = Callable[[str], None]


class Refused(Exception):
    """A sentence for whoever asked for the load."""


@dataclass
class Tally:
    say: Say
    plan: Plan
    counts: Counts = field(default_factory=lambda: {part.table: 0 for part in PARTS})
    began: float = field(default_factory=time.monotonic)
    told: float = field(default_factory=time.monotonic)

    def add(self, counts: Counts) -> None:
        for table, count in counts.items():
            self.counts[table] += count
        if time.monotonic() - self.told >= 5:
            self.tell()

    def tell(self) -> None:
        self.told = time.monotonic()
        seconds = max(self.told - self.began, 0.001)
        rate = sum(self.counts.values()) / seconds
        people, events = self.counts["customers"], self.counts["events"]
        self.say(f"{seconds:5.0f} s  {people:>9,} customers  {events:>11,} events  {rate:,.0f} rows/s")


def state(connection: psycopg.Connection) -> str:
    """empty, filled, or half: a load that was killed."""
    found = progress.read(connection)
    if found and found.is_half:
        return "half"
    is_filled = connection.execute(
        "SELECT EXISTS (SELECT FROM customers) OR EXISTS (SELECT FROM events)"
    ).fetchone() == (True,)
    return "filled" if is_filled else "empty"


def refuse(state: str, *, may_replace: bool) -> None:
    if state == "half" and not may_replace:
        raise Refused("An earlier load was stopped half-way. Run it again with --replace: that cleans up first.")
    if state == "filled" and not may_replace:
        raise Refused(
            "There are customers already. Nothing was changed; --replace deletes them, events and mails first."
        )


def whole(url: str, plan: Plan, say: Say, jobs: int = 0) -> Counts:
    """The large way, of many transactions; what is left by a kill is swept away by the next one."""
    tally = Tally(say, plan)
    with psycopg.connect(url, autocommit=True) as connection:
        _refuse_company(connection)
        run = _begin(connection)
        for counts in _made(url, plan, run, jobs or os.cpu_count() or 1):
            tally.add(counts)
        tally.tell()
        _finish(connection, url, plan, say)
    return tally.counts


def at_once(connection: psycopg.Connection, plan: Plan) -> Counts:
    """The small way, inside the caller's transaction."""
    repair(connection)
    _sweep(connection)
    counts = {part.table: 0 for part in PARTS}
    for number in range(plan.chunks):
        for table, count in _copy(connection, Chunk(plan, number)).items():
            counts[table] += count
    _settle(connection, plan)
    connection.execute(f"ANALYZE {', '.join(TABLES)}".encode())
    return counts


def _refuse_company(connection: psycopg.Connection) -> None:
    """Waits a little: the session of a load that was killed ends a moment after its process."""
    connection.execute("SET lock_timeout = '3s'")
    try:
        connection.execute("SELECT pg_advisory_lock(hashtext('demo'))")
    except psycopg.errors.LockNotAvailable:
        raise Refused("Another load is running. Wait until it is through.") from None
    connection.execute("RESET lock_timeout")


def _begin(connection: psycopg.Connection) -> str:
    """Waits for the last chunk of a killed run, then sweeps, and writes down what steps aside."""
    run = uuid.uuid4().hex
    with connection.transaction():
        before = progress.read(connection)
        kept = before.restore if before and before.is_half else []
        progress.write(connection, Progress("loading", run, kept))
        _sweep(connection)
        away = aside.step(connection)
        progress.write(connection, Progress("loading", run, list(dict.fromkeys([*kept, *away]))))
    return run


def repair(connection: psycopg.Connection) -> None:
    """Gives back what a killed large load had taken away."""
    if found := progress.read(connection):
        for statement in aside.missing(connection, found.restore):
            connection.execute(statement.encode())
        progress.forget(connection)


def _sweep(connection: psycopg.Connection) -> None:
    connection.execute("SELECT set_config('campus.passage', 'retention', true)")
    # Whose numbers begin anew must not meet the erasures of those who had them before.
    connection.execute(f"TRUNCATE {', '.join((*TABLES, *MAIL))}, erasures RESTART IDENTITY CASCADE".encode())


def _made(url: str, plan: Plan, run: str, jobs: int) -> Iterator[Counts]:
    work = partial(_chunk, url, plan, run)
    if jobs == 1 or plan.chunks == 1:
        yield from map(work, range(plan.chunks))
        return
    # Spawned, not forked: a fork would share this process's connections.
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(work, range(plan.chunks))


def _chunk(url: str, plan: Plan, run: str, number: int) -> Counts:
    connection = _connection(url)
    with connection.transaction():
        if not progress.is_mine(connection, run):
            raise Refused("Another load took over.")
        return _copy(connection, Chunk(plan, number))


_open: dict[str, psycopg.Connection] = {}


def _connection(url: str) -> psycopg.Connection:
    """One for the life of a process."""
    if url not in _open or _open[url].closed:
        _open[url] = psycopg.connect(url, autocommit=True, options="-c synchronous_commit=off")
    return _open[url]


def _copy(connection: psycopg.Connection, chunk: Chunk) -> Counts:
    counts = {}
    for part in PARTS:
        lines = list(part.lines(chunk))
        counts[part.table] = len(lines)
        with connection.cursor().copy(f"COPY {part.table} ({part.columns}) FROM STDIN".encode()) as stream:
            stream.write("".join(lines).encode())
    return counts


def _finish(connection: psycopg.Connection, url: str, plan: Plan, say: Say) -> None:
    found = progress.read(connection)
    restore = found.restore if found else []
    say("Building the indexes.")
    aside.back(url, restore)
    _settle(connection, plan)
    say("Gathering statistics.")
    # VACUUM too: it writes the hint bits once, so that the first pages people open do not have to.
    connection.execute(f"VACUUM (ANALYZE) {', '.join(TABLES)}".encode())
    if found:
        progress.write(connection, Progress("loaded", found.run, []))


def _settle(connection: psycopg.Connection, plan: Plan) -> None:
    """Types of the attributes, and sequences that go on where the rows end."""
    with connection.cursor().copy(f"COPY attribute_types ({attributes.TYPES_COLUMNS}) FROM STDIN".encode()) as stream:
        stream.write("".join(attributes.types(plan)))
    for table in SEQUENCES:
        connection.execute(NEXT_ID.format(table=table).encode())
    connection.execute(NEXT_FACT)


def plain(url: str) -> str:
    """The address as libpq reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
