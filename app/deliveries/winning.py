"""Which of several mails does best, how sure that is, and how many more mails it takes to know.

Enough is known once as many have gone out as it takes to see a difference like the one seen in four of five tries,
with an error in one of twenty; and never before a hundred of each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.deliveries import chances
from app.deliveries.variants import Count

CLICKED, CONVERTED = "clicked", "converted"
LEAST = 100  # mails of each
ERROR, POWER = 1.959964, 0.841621  # of the normal distribution: 5 % on both sides together, and 80 %
MOST = 10_000_000  # more than this nobody sends to see so small a difference


@dataclass(frozen=True)
class Judgement:
    """`leader`: its place; None while nobody leads. `more`: about so many mails of all together; None: no number helps.

    `chances`: that each is the best, in order of their places.
    """

    measure: str
    leader: int | None
    chances: Sequence[float]
    is_enough: bool
    more: int | None

    @property
    def chance(self) -> float:
        """That the leading one is the best."""
        return max(self.chances, default=0.0)


def measure_of(goal: Mapping[str, object] | None) -> str:
    return CONVERTED if goal else CLICKED


def judge(counts: Sequence[Count], measure: str) -> Judgement:
    """In order of their places."""
    seen = [(min(getattr(one, measure), one.sent), one.sent) for one in counts]
    rates = sorted((_rate(*one) for one in seen), reverse=True)
    leader = _leader(seen) if len(rates) > 1 and rates[0] > rates[1] else None
    more = _more(rates, [sent for _, sent in seen])
    is_enough = leader is not None and more == 0
    return Judgement(measure, leader, chances.of_best(seen), is_enough, more)


def needed(rate: float, other: float) -> float:
    """Mails of each, to see the difference between two rates."""
    spread = rate * (1 - rate) + other * (1 - other)
    return (ERROR + POWER) ** 2 * spread / (rate - other) ** 2 if rate != other else math.inf


def _more(rates: Sequence[float], sent: Sequence[int]) -> int | None:
    """Everybody's share is the same, so each that lacks some is as good as all of them."""
    of_each = needed(rates[0], rates[1]) if len(rates) > 1 else math.inf
    if min(sent, default=0) < LEAST:
        of_each = LEAST if math.isinf(of_each) else max(of_each, LEAST)
    missing = max(of_each - min(sent, default=0), 0) * len(sent)
    return about(missing) if missing <= MOST else None


def about(count: float) -> int:
    """Two figures, rounded up: more would be a promise."""
    whole = math.ceil(count)
    unit: int = 10 ** max(len(str(whole)) - 2, 0)
    return math.ceil(whole / unit) * unit


def _leader(seen: Sequence[tuple[int, int]]) -> int:
    return max(range(len(seen)), key=lambda place: _rate(*seen[place]))


def _rate(done: int, tried: int) -> float:
    return done / tried if tried else 0.0
