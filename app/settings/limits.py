"""What limits all mail together: how much one person gets, when it rests, how a new sender warms up. Off by default.

A cap and quiet hours are read here for a single automation, too: both say them in the same words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any

import msgspec
from sqlalchemy import select

from app import spans
from app.audit import Actor
from app.problem import Problem
from app.settings import setting
from app.settings.setting import Setting

NAME = "limits"
MOST = 1_000  # mails of a cap
LONGEST = timedelta(days=366)
MOST_A_DAY = 10_000_000
MOST_GROWTH = 1_000  # % a day
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
VALUE = select(Setting.value).where(Setting.name == NAME).scalar_subquery()  # to be asked along with something else


class Cap(msgspec.Struct, frozen=True, kw_only=True):
    """At most `n` promotional mails to one person in any `per`."""

    n: int
    per: str

    @property
    def length(self) -> timedelta:
        return spans.duration(self.per).length

    @property
    def said(self) -> str:
        return f"{self.n:,} {'mail' if self.n == 1 else 'mails'} in {spans.duration(self.per).said}"


class QuietHours(msgspec.Struct, frozen=True, kw_only=True):
    """On the clock of each person; over midnight where the end is the earlier one, never where both are the same."""

    start: str = msgspec.field(name="from")
    end: str = msgspec.field(name="to")

    @property
    def times(self) -> tuple[time, time]:
        return time.fromisoformat(self.start), time.fromisoformat(self.end)

    @property
    def said(self) -> str:
        return f"from {self.start} to {self.end}"


class WarmUp(msgspec.Struct, frozen=True, kw_only=True):
    """`start` mails on the first day, `growth` % more each day, until it stays at `ceiling`."""

    start: int
    growth: float
    ceiling: int
    begun: date

    def most_on(self, day: date) -> int | None:
        """None: it has not begun."""
        days = (day - self.begun).days
        if days < 0:
            return None
        rate = math.log1p(self.growth / 100)
        if days * rate >= math.log(self.ceiling / self.start):
            return self.ceiling
        return min(self.ceiling, int(self.start * (1 + self.growth / 100) ** days + 1e-6))


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    cap: Cap | None = None
    quiet_hours: QuietHours | None = None
    warm_up: WarmUp | None = None


def read() -> tuple[Limits, int]:
    return setting.versioned(NAME, Limits)


def current() -> Limits:
    return setting.read(NAME, Limits)


def of(value: Mapping[str, Any] | None) -> Limits:
    return msgspec.convert(value or {}, Limits)


def save(limits: Limits, version: int, by: Actor) -> None:
    setting.save(NAME, limits, version, by)


def problems(wanted: Mapping[str, Any]) -> list[Problem]:
    """Of what somebody wrote, before `of` reads it. None is one that is off."""
    found = []
    for name, judge in (("cap", cap_problems), ("quiet_hours", quiet_problems), ("warm_up", warm_up_problems)):
        if wanted.get(name) is not None:
            found += judge(wanted[name], name)
    return found


def cap_problems(value: Any, path: str) -> list[Problem]:
    if trouble := _not_exactly(value, ("n", "per"), path, 'how many and in which time, like {"n": 3, "per": "7d"}'):
        return trouble
    found = _whole(value["n"], 1, MOST, f"{path}.n", "mails")
    try:
        if spans.duration(value["per"]).length > LONGEST:
            found.append(Problem(f"{path}.per", f"At most {LONGEST.days} days."))
    except ValueError as error:
        found.append(Problem(f"{path}.per", str(error)))
    return found


def quiet_problems(value: Any, path: str) -> list[Problem]:
    if trouble := _not_exactly(value, ("from", "to"), path, 'two times, like {"from": "21:00", "to": "08:00"}'):
        return trouble
    return [problem for name in ("from", "to") for problem in time_problems(value[name], f"{path}.{name}")]


def time_problems(value: Any, path: str) -> list[Problem]:
    is_one = isinstance(value, str) and TIME.fullmatch(value)
    return [] if is_one else [Problem(path, "It is a time of day, like 08:00 or 21:30.")]


def warm_up_problems(value: Any, path: str) -> list[Problem]:
    needed = ("start", "growth", "ceiling", "begun")
    if trouble := _not_exactly(value, needed, path, "how many at first, by how much it grows, until where, since when"):
        return trouble
    found = _whole(value["start"], 1, MOST_A_DAY, f"{path}.start", "mails")
    found += _whole(value["ceiling"], 1, MOST_A_DAY, f"{path}.ceiling", "mails")
    if not found and value["ceiling"] < value["start"]:
        found.append(Problem(f"{path}.ceiling", "It is less than the first day has."))
    growth = value["growth"]
    if isinstance(growth, bool) or not isinstance(growth, int | float) or not 0 <= growth <= MOST_GROWTH:
        found.append(Problem(f"{path}.growth", f"It is a number of per cent, from 0 to {MOST_GROWTH:,}."))
    try:
        date.fromisoformat(value["begun"])
    except (TypeError, ValueError):
        found.append(Problem(f"{path}.begun", "It is a day, like 2026-12-01."))
    return found


def _not_exactly(value: Any, names: tuple[str, ...], path: str, said: str) -> list[Problem]:
    if not isinstance(value, Mapping) or not all(name in value for name in names):
        return [Problem(path, f"It says {said}.")]
    strange = [name for name in value if name not in names]
    return [Problem(f"{path}.{str(name)[:60]}", "Nothing of this name is known here.") for name in strange]


def _whole(value: Any, least: int, most: int, path: str, of_what: str) -> list[Problem]:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        return [Problem(path, f"It is a whole number of {of_what}, from {least:,} to {most:,}.")]
    return []
