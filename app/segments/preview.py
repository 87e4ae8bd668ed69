"""Rules while they are written: whom they mean now, whom they change, and what each condition finds alone.

All of it together takes five seconds at the most; what is not known by then is said to be unknown.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.customers.customer import Customer
from app.db import db
from app.problem import Refused
from app.segments import audience, gathering, reading, rules, sentence
from app.segments.audience import SECONDS, Audience
from app.segments.gathering import Difference, Gathered, Reach
from app.segments.segment import Segment
from app.segments.unavailable import Unavailable
from app.segments.words import Words

EVERYBODY = "SELECT count(*) FROM customers WHERE erased_at IS NULL"
CAP = 10_000
EACH = 1.0  # seconds for a condition alone
LEAST = 0.05


class Budget:
    """Seconds that several statements share."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self.begun, self.seconds = time.monotonic(), seconds

    @property
    def spent(self) -> float:
        return time.monotonic() - self.begun

    @property
    def left(self) -> float:
        return max(self.seconds - self.spent, 0)

    def most(self, seconds: float = SECONDS) -> float:
        """For the next statement; Unavailable where nothing is left."""
        if self.left < LEAST:
            raise Unavailable(audience.TOO_LONG)
        return min(self.left, seconds)


@dataclass(frozen=True)
class Preview:
    """`reach`, `everybody` and `difference` are None where there was no time left, or nothing to compare with."""

    words: Words
    count: int
    seconds: float
    sql: str
    sample: list[Customer]
    joining: frozenset[int] = frozenset()  # of the sample: who is not in the saved segment
    reach: Reach | None = None
    everybody: int | None = None
    difference: Difference | None = None
    undecided: str = ""  # why it is not known who joins and who leaves


def of(raw: Any, now: datetime, saved: Segment | None = None) -> Preview:
    """Raises Refused with what is wrong, or Unavailable."""
    rule = rules.read(raw, audience.known())
    found = audience.of_rules(raw, now, saved.id if saved else None)
    budget = Budget()
    gathered = gathering.gather(found, "wanted", budget.most())
    seconds = budget.spent
    with audience.hurried(budget.most()):
        sample = gathering.sample(gathered)
    difference, joining, undecided = _beside_saved(gathered, sample, saved, now, budget)
    return Preview(
        sentence.of(rule),
        gathered.count,
        seconds,
        reading.of(found),
        sample,
        joining,
        _reach(gathered, now, budget),
        _everybody(budget),
        difference,
        undecided,
    )


def sample(raw: Any, now: datetime, saved: Segment | None = None) -> list[Customer]:
    """Ten others."""
    found = audience.of_rules(raw, now, saved.id if saved else None)
    return gathering.sample(gathering.gather(found, "wanted"))


def hits(conditions: Sequence[Any], now: datetime, own_id: int | None = None) -> list[int | None]:
    """How many each finds alone, CAP + 1 for more than CAP; None for what is not understood or took too long."""
    budget = Budget()
    return [_hits(one, now, own_id, budget) for one in conditions]


def words(raw: Any) -> Words:
    return sentence.of(rules.read(raw, audience.known()))


def _hits(raw: Any, now: datetime, own_id: int | None, budget: Budget) -> int | None:
    try:
        rules.read(raw, audience.known())
        found = audience.of_rules(raw, now, own_id)
        with audience.hurried(budget.most(EACH)):
            return _capped(found)
    except (Refused, Unavailable):
        return None


def _capped(found: Audience) -> int:
    sql = f"SELECT count(*) FROM (SELECT FROM (\n{found.sql}\n) audience LIMIT {CAP + 1}) found"
    return db.session.scalar(text(sql), found.said) or 0


def _beside_saved(
    gathered: Gathered, sample: list[Customer], saved: Segment | None, now: datetime, budget: Budget
) -> tuple[Difference | None, frozenset[int], str]:
    if saved is None:
        return None, frozenset(), ""
    try:
        before = gathering.gather(audience.of(saved, now), "saved", budget.most())
        with audience.hurried(budget.most()):
            return gathering.difference(before, gathered), _joining(before, sample), ""
    except Unavailable as why:
        return None, frozenset(), why.said


def _joining(before: Gathered, sample: list[Customer]) -> frozenset[int]:
    ids = [one.id for one in sample]
    held = text(f"SELECT customer_id FROM {before.name} WHERE customer_id = ANY (:ids)")
    return frozenset(ids) - frozenset(db.session.scalars(held, {"ids": ids}))


def _reach(gathered: Gathered, now: datetime, budget: Budget) -> Reach | None:
    try:
        with audience.hurried(budget.most()):
            return gathering.reach(gathered, now)
    except Unavailable:
        return None


def _everybody(budget: Budget) -> int | None:
    try:
        with audience.hurried(budget.most()):
            return db.session.scalar(text(EVERYBODY)) or 0
    except Unavailable:
        return None
