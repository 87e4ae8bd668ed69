"""Whom rules choose among a million people with ten million events, against the best SQL written by hand for each."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import text

from app import create_app
from app.config import from_environment
from app.db import db
from app.segments import audience
from app.segments.audience import Audience
from bench import shop
from bench.by_hand import CASES, Case
from bench.databases import Database, Unable, day
from bench.table import Table, ms, p95

TITLE = "Segments: rules against SQL written by hand, counted in turn, in ms (middle 100k/1M, large 1M/10M)"
MIDDLE = Database("campus_bench_middle", 100_000, 1_000_000)
LARGE = Database("campus_bench_large", 1_000_000, 10_000_000)
COLUMNS = ("rule", "people", "by hand", "ours", "ratio", "middle", "growth", "live")
RUNS = 5
LIVE = 3  # whole questions more, from the rule as it was sent to the count


@dataclass(frozen=True)
class Measured:
    people: int
    hand: float
    ours: float
    live: list[float]

    @property
    def ratio(self) -> float:
        return self.ours / self.hand


def run() -> Table:
    for database in (MIDDLE, LARGE):
        database.ensure()
        shop.ensure(database)
    table = Table(COLUMNS)
    middle, large = _measured(MIDDLE), _measured(LARGE)
    for case, small, big in zip(CASES, middle, large, strict=True):
        figures = (ms(big.hand), ms(big.ours), f"{big.ratio:.2f}", ms(small.ours), f"{big.ours / small.ours:.1f}")
        table.rows.append((case.name, f"{big.people:,}", *figures, ms(p95(big.live))))
    worst = max(range(len(CASES)), key=lambda n: large[n].ratio)
    live = [one for found in large for one in found.live]
    table.notes += [
        f"Ours to by hand at the large size: median {median(one.ratio for one in large):.2f},"
        f" worst {large[worst].ratio:.2f} ({CASES[worst].name}).",
        f"Live count at the large size, read, compiled and counted: p95 {ms(p95(live))} of {len(live)}.",
        f"Counts of {len(CASES)} rules are equal at both sizes.",
    ]
    return table


def _measured(database: Database) -> list[Measured]:
    with create_app(from_environment(database.environment), "bench").app_context():
        found = [_measure(case, day()) for case in CASES]
        db.session.rollback()
    return found


def _measure(case: Case, now: datetime) -> Measured:
    hand = Audience(case.sql, {"now": now} if ":now" in case.sql else {})
    ours = audience.of_rules(case.rule, now)
    wanted, count = _count(hand), _count(ours)  # the warm-up, too
    if wanted != count:
        raise Unable(f"{case.name}: {count:,} people by the rule, {wanted:,} by hand: {json.dumps(case.rule)}")
    times = [(_timed(lambda: _count(hand)), _timed(lambda: _count(ours))) for _ in range(RUNS)]
    live = [_timed(lambda: _count(audience.of_rules(case.rule, now))) for _ in range(LIVE)]
    return Measured(count, _median(times, 0), _median(times, 1), live)


def _count(wanted: Audience) -> int:
    """As audience.count does, but for its patience: a slow machine shall be measured, not stopped."""
    with audience.hurried(60):
        return db.session.scalar(text(f"SELECT count(*) FROM (\n{wanted.sql}\n) audience"), wanted.said) or 0


def _median(times: Sequence[tuple[float, float]], of: int) -> float:
    return median(one[of] for one in times)


def _timed(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began
