"""How probable it is that each of several is the best, given how often each did it: no dice, no dependency.

Where `done` of `tried` did it, the rate that stands behind it is Beta(done + 1, tried - done + 1) for whoever knew
nothing before. That one is the best: the integral of its density times the distributions of all others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

PIECES = 1_000  # of each curve; even, as Simpson's rule wants it
WIDE = 30  # standard deviations to each side: of a rate near 0 the tail falls off no faster than e to the minus 30


@dataclass(frozen=True)
class Curve:
    """A density at `low`, `low + step`, … and what lies below each of these points."""

    low: float
    step: float
    density: Sequence[float]
    below: Sequence[float]

    def under(self, x: float) -> float:
        """Between two points the cubic that has the density as its slope at both."""
        place = (x - self.low) / self.step
        if place <= 0:
            return 0.0
        if place >= PIECES:
            return 1.0
        left = int(place)
        u, rise = place - left, self.below[left + 1] - self.below[left]
        bend = self.step * ((1 - u) * self.density[left] - u * self.density[left + 1])
        return self.below[left] + u * u * (3 - 2 * u) * rise + u * (1 - u) * bend


def of_best(seen: Sequence[tuple[int, int]]) -> list[float]:
    """For each (done, tried). They add up to 1."""
    curves = [_curve(done + 1, tried - done + 1) for done, tried in seen]
    raw = [_is_above(one, [other for other in curves if other is not one]) for one in curves]
    return [value / sum(raw) for value in raw]


def _is_above(one: Curve, others: Sequence[Curve]) -> float:
    """Simpson's rule over its own points."""
    found = 0.0
    for n, density in enumerate(one.density):
        weight = 1 if n in (0, PIECES) else 4 if n % 2 else 2
        x = one.low + n * one.step
        found += weight * density * math.prod(other.under(x) for other in others)
    return found * one.step / 3


def _curve(a: int, b: int) -> Curve:
    mean = a / (a + b)
    deviation = math.sqrt(mean * (1 - mean) / (a + b + 1))
    low, high = max(0.0, mean - WIDE * deviation), min(1.0, mean + WIDE * deviation)
    half = (high - low) / PIECES / 2
    heights = _heights(a, b, [low + n * half for n in range(2 * PIECES + 1)])
    below = [0.0]
    for n in range(PIECES):
        below.append(below[n] + half / 3 * (heights[2 * n] + 4 * heights[2 * n + 1] + heights[2 * n + 2]))
    whole = below[-1]
    return Curve(low, 2 * half, [one / whole for one in heights[::2]], [one / whole for one in below])


def _heights(a: int, b: int, points: Sequence[float]) -> list[float]:
    """Of the density, as shares of the highest: by logarithms, as no number holds a millionth power."""
    logs = [_power(x, a - 1) + _power(1 - x, b - 1) for x in points]
    highest = max(logs)
    return [math.exp(one - highest) for one in logs]


def _power(base: float, exponent: int) -> float:
    """Its logarithm."""
    if not exponent:
        return 0.0
    return exponent * math.log(base) if base > 0 else -math.inf
