"""What a mail brings: how many more of those who got it reached the goal than of those who were held out.

The difference of two shares with Newcombe's interval, which holds for small numbers and for nobody at all, too. How
many more people it takes: `winning` says what is enough.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.deliveries.winning import ERROR, LEAST, MOST, POWER, about


@dataclass(frozen=True)
class Group:
    reached: int = 0
    people: int = 0

    @property
    def rate(self) -> float:
        return self.reached / self.people if self.people else 0.0

    @property
    def spread(self) -> float:
        """As if two more had been there, of whom one reached it: that nobody did is no proof that nobody would."""
        rate = (self.reached + 1) / (self.people + 2)
        return rate * (1 - rate)


@dataclass(frozen=True)
class Lift:
    """`difference` lies between `low` and `high` in nineteen of twenty cases.

    `relative`: in parts of the rate of those held out; None: none of them reached it.
    `more`: about so many people of both groups together are missing; None: no number helps.
    """

    difference: float
    low: float
    high: float
    relative: float | None
    more: int | None

    @property
    def is_enough(self) -> bool:
        return self.more == 0


def judge(mailed: Group, held: Group) -> Lift | None:
    """None: there is nobody to compare."""
    if not mailed.people or not held.people:
        return None
    difference = mailed.rate - held.rate
    low, high = interval(mailed, held)
    relative = difference / held.rate if held.reached else None
    return Lift(difference, low, high, relative, _more(mailed, held))


def interval(one: Group, other: Group) -> tuple[float, float]:
    """Of the difference of their rates, from Wilson's interval of each."""
    (low, high), (other_low, other_high) = wilson(one), wilson(other)
    difference = one.rate - other.rate
    below = math.hypot(one.rate - low, other_high - other.rate)
    above = math.hypot(high - one.rate, other.rate - other_low)
    return difference - below, difference + above


def wilson(group: Group) -> tuple[float, float]:
    n, rate, square = group.people, group.rate, ERROR**2
    centre = (rate + square / (2 * n)) / (1 + square / n)
    half = ERROR / (1 + square / n) * math.sqrt(rate * (1 - rate) / n + square / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def needed(few: Group, many: Group) -> float:
    """People of the smaller group, while the other one stays so many times as large."""
    spread = few.spread + many.spread * few.people / many.people
    apart = few.rate - many.rate
    return (ERROR + POWER) ** 2 * spread / apart**2 if apart else math.inf


def _more(mailed: Group, held: Group) -> int | None:
    """The smaller group decides; both grow as they have grown so far."""
    few, many = sorted((mailed, held), key=lambda one: one.people)
    of_few = needed(few, many)
    if few.people < LEAST:
        of_few = LEAST if math.isinf(of_few) else max(of_few, LEAST)
    missing = max(of_few - few.people, 0) * (1 + many.people / few.people)
    return about(missing) if missing <= MOST else None
