"""A small world of people and what they did, and what a value in it is worth beside another one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

LENGTHS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
OPPOSITES = {"not_equals": "equals", "not_in": "in", "not_exists": "exists"}
# Of each run: by which automation it is, and the template of each of its versions.
RUNS = {1: (1, (1,)), 2: (2, (2,)), 3: (1, (1, 2))}
MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?")


@dataclass
class Fact:
    """An event, a move, an order or a cart of somebody; `said` is what it says beside when."""

    id: int
    at: datetime
    name: str = ""
    said: dict[str, Any] = field(default_factory=dict)


@dataclass
class Mail:
    """`came`: when it was sent, opened, clicked and converted, as far as it was."""

    id: int
    run: int
    variant: int | None
    came: dict[str, datetime]


@dataclass
class Person:
    id: int
    columns: dict[str, Any]
    attributes: dict[str, Any]
    is_erased: bool = False
    refused: set[str] = field(default_factory=set)  # topics, or “suppressed”
    changes: list[tuple[str, bool, datetime]] = field(default_factory=list)
    events: list[Fact] = field(default_factory=list)
    moves: list[Fact] = field(default_factory=list)
    orders: list[Fact] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    cart: Fact | None = None


@dataclass
class World:
    now: datetime
    zone: ZoneInfo
    types: dict[str, str]
    people: list[Person]
    categories: dict[str, str] = field(default_factory=dict)  # of products
    lists: dict[int, set[int]] = field(default_factory=dict)
    rules: dict[int, dict[str, Any]] = field(default_factory=dict)
    last_run: datetime | None = None


def length(written: str) -> timedelta:
    return int(written[:-1]) * LENGTHS[written[-1]]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def day_of(at: datetime, world: World) -> date:
    return at.astimezone(world.zone).date()


def bounds(written: str, world: World) -> tuple[Callable[[datetime], bool], Callable[[datetime], bool]]:
    """Is a moment before all of it; is it after all of it?"""
    if len(written) == 10:
        day = date.fromisoformat(written)
        start, end = midnight(day, world.zone), midnight(day + timedelta(days=1), world.zone)
        return lambda at: at < start, lambda at: at >= end
    moment = _moment(written, world)
    assert moment
    return lambda at: at < moment, lambda at: at > moment


def _moment(value: Any, world: World) -> datetime | None:
    if not isinstance(value, str) or not MOMENT.fullmatch(value):
        return None
    try:
        if len(value) == 10:
            return midnight(date.fromisoformat(value), world.zone)
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=world.zone)).astimezone(UTC)


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def compare(value: Any, op: str, wanted: Any, kind: str | None, world: World) -> bool:
    """Of a value that may be missing (None)."""
    if op in OPPOSITES:
        return not compare(value, OPPOSITES[op], wanted, kind, world)
    if op == "in":
        return any(compare(value, "equals", one, kind, world) for one in wanted)
    if op == "between":
        return all(compare(value, *one, kind, world) for one in (("at_least", wanted[0]), ("at_most", wanted[1])))
    return value is not None and _compare(value, op, wanted, kind, world)


def _compare(value: Any, op: str, wanted: Any, kind: str | None, world: World) -> bool:
    if op in ("equals", "at_least", "at_most", "before", "after") and _is_of_time(op, wanted, kind):
        at = _moment(value, world)
        return at is not None and _in_time(op, at, wanted, world)
    if op in ("within_last", "not_within_last"):
        at = _moment(value, world)
        is_within = at is not None and world.now - length(wanted) <= at <= world.now
        return at is not None and is_within == (op == "within_last")
    if op == "contains" and kind == "array":
        return _listed(value, wanted)
    return PLAIN[op](value, wanted)


def _is_of_time(op: str, wanted: Any, kind: str | None) -> bool:
    return kind in ("date", "timestamp") or (op != "equals" and isinstance(wanted, str))


def _in_time(op: str, at: datetime, wanted: str, world: World) -> bool:
    is_before, is_after = (test(at) for test in bounds(wanted, world))
    return {
        "equals": not is_before and not is_after,
        "at_least": not is_before,
        "at_most": not is_after,
        "before": is_before,
        "after": is_after,
    }[op]


def _contains(value: Any, wanted: Any) -> bool:
    if isinstance(value, str):
        return isinstance(wanted, str) and wanted in value
    return isinstance(value, list) and any(_same(one, wanted) for one in value)


def _listed(value: Any, wanted: Any) -> bool:
    return isinstance(value, list) and _contains(value, wanted)


PLAIN: dict[str, Callable[[Any, Any], bool]] = {
    "equals": _same,
    "exists": lambda value, _wanted: True,
    "at_least": lambda value, wanted: _is_number(value) and value >= wanted,
    "at_most": lambda value, wanted: _is_number(value) and value <= wanted,
    "contains": _contains,
    "contains_any": lambda value, wanted: any(_listed(value, one) for one in wanted),
    "contains_all": lambda value, wanted: all(_listed(value, one) for one in wanted),
    "starts_with": lambda value, wanted: isinstance(value, str) and value.startswith(wanted),
    "ends_with": lambda value, wanted: isinstance(value, str) and value.endswith(wanted),
}


def folded(value: Any) -> Any:
    if isinstance(value, list):
        return [folded(one) for one in value]
    return value.lower() if isinstance(value, str) else value
