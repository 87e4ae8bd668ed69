"""The first few of each run, who go ahead: what somebody may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.problem import Problem

PATH = "limits.canary"
MOST = 1_000_000  # people
LONGEST = 7 * 24 * 60  # minutes
RANGES = {"n": (1, MOST, "people"), "minutes": (1, LONGEST, "minutes")}


def problems(limits: Mapping[str, Any]) -> list[Problem]:
    if "canary" not in limits:
        return []
    wanted = limits["canary"]
    if not isinstance(wanted, Mapping):
        return [Problem(PATH, 'It is written like {"n": 50} or {"n": 50, "minutes": 30}.')]
    found = [Problem(f"{PATH}.{name[:60]}", "It has n and minutes, nothing else.") for name in wanted.keys() - RANGES]
    if "n" not in wanted:
        found.append(Problem(f"{PATH}.n", "Say how many people go first."))
    return found + [_outside(name) for name in RANGES if name in wanted and not _is_within(name, wanted[name])]


def _is_within(name: str, value: Any) -> bool:
    least, most, _ = RANGES[name]
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _outside(name: str) -> Problem:
    least, most, noun = RANGES[name]
    return Problem(f"{PATH}.{name}", f"It is a number of {noun}, from {least} to {most:,}.")
