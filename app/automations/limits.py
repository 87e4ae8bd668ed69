"""What somebody may set so that an automation writes less, later or more slowly: read, checked, and said in a sentence.

Each limit reads itself. Nothing is limited unless somebody set it; but a late start, which has six hours by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from app.automations import canary
from app.problem import Problem
from app.settings.limits import Cap, QuietHours, cap_problems, quiet_problems, time_problems

MOST_LATE_HOURS = 24 * 30
MOST_PER_MINUTE = 1_000_000
HOURS = 6  # that a run may be late where nobody says
ONE_BY_ONE = ("event", "enters_segment", "after", "behaviour")  # triggers that answer one person at a time
MOST_HELD_OUT = 50  # per cent


def problems(limits: Mapping[str, Any], trigger: str = "", purpose: str = "") -> list[Problem]:
    found = [problem for name, value in limits.items() for problem in _of_one(name, value)]
    if trigger in ONE_BY_ONE and limits.get("local_time"):
        found.append(Problem("limits.local_time", "Only a schedule has a time of day: quiet hours hold this one."))
    if trigger in ONE_BY_ONE and limits.get("canary"):
        found.append(Problem("limits.canary", "Only of a run that is planned at once a few can go first."))
    if purpose == "transactional" and "holdout_percent" in limits:
        found.append(
            Problem("limits.holdout_percent", "Transactional mail holds nobody out: each of them waits for theirs.")
        )
    return found


def said(limits: Mapping[str, Any]) -> list[str]:
    """Each as a part of a sentence, without what lateness says."""
    found = []
    if cap := limits.get("cap"):
        found.append(f"nobody gets it beyond {msgspec.convert(cap, Cap).said}")
    if quiet := limits.get("quiet_hours"):
        found.append(f"it rests {msgspec.convert(quiet, QuietHours).said} on the clock of each person")
    if local := limits.get("local_time"):
        at = "at its time" if local is True else f"at {local}"
        found.append(f"each gets it {at} on their own clock")
    if most := limits.get("throttle_per_minute"):
        found.append(f"at most {most:,} a minute")
    if percent := limits.get("holdout_percent"):
        found.append(f"{percent:g} % of the people get nothing, to see what it brings")
    if limits.get("recheck_segment"):
        found.append("whoever has left the segment meanwhile gets nothing")
    return found


def _of_one(name: str, value: Any) -> list[Problem]:
    path = f"limits.{name[:60]}"
    if name not in KINDS:
        return [Problem(path, f"There is no such limit. There are: {', '.join(KINDS)}.")]
    return KINDS[name](value, path)


def _local_time(value: Any, path: str) -> list[Problem]:
    if isinstance(value, str):
        return time_problems(value, path)
    return [] if isinstance(value, bool) else [Problem(path, "It is true, or a time of day like 08:00.")]


def _throttle(value: Any, path: str) -> list[Problem]:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_PER_MINUTE:
        return [Problem(path, f"It is a whole number of mails a minute, from 1 to {MOST_PER_MINUTE:,}.")]
    return []


def _late_hours(value: Any, path: str) -> list[Problem]:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_LATE_HOURS:
        return [Problem(path, f"It is a number of hours, from 0 to {MOST_LATE_HOURS}.")]
    return []


def _holdout(value: Any, path: str) -> list[Problem]:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MOST_HELD_OUT:
        return [Problem(path, f"It is a share of the people in per cent: more than 0, at most {MOST_HELD_OUT}.")]
    return []


def _recheck(value: Any, path: str) -> list[Problem]:
    return [] if isinstance(value, bool) else [Problem(path, "It is true or false.")]


KINDS: dict[str, Callable[[Any, str], list[Problem]]] = {
    "cap": cap_problems,
    "quiet_hours": quiet_problems,
    "local_time": _local_time,
    "throttle_per_minute": _throttle,
    "late_hours": _late_hours,
    "holdout_percent": _holdout,
    "recheck_segment": _recheck,
    "canary": lambda value, _path: canary.problems({"canary": value}),
}
