"""Dice that fall the same way for the same seed, in whichever process and order they are thrown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import TypeVar

Thing = TypeVar("Thing")
SLOTS = 1000


def dice(*names: object) -> Random:
    """A text seed is hashed by SHA-512, so it depends neither on the process nor on PYTHONHASHSEED."""
    return Random(":".join(map(str, names)))  # noqa: S311 — for looks, not for secrets


def wheel(weighted: Iterable[tuple[Thing, float]]) -> list[Thing]:
    """A list in which each thing stands as often as it weighs: a throw is one index, 0.1 µs."""
    pairs = [(thing, weight) for thing, weight in weighted if weight]
    whole = sum(weight for _, weight in pairs)
    return [thing for thing, weight in pairs for _ in range(max(1, round(SLOTS * weight / whole)))]


def shares(whole: int, weights: Sequence[float]) -> list[int]:
    """`whole` cut into integers by weight, with nothing lost to rounding."""
    total = sum(weights)
    if not total:
        weights, total = [1.0] * len(weights), float(len(weights))
    cut, run, before = [], 0.0, 0
    for weight in weights:
        run += weight
        here = min(whole, int(whole * run / total + 1e-9))
        cut.append(here - before)
        before = here
    if cut:
        cut[-1] += whole - before
    return cut
