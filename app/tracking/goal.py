"""What an automation is for: that somebody does something, or joins a segment, within a time after the mail.

`{"event": name, "where"?: [{property, op, value}], "within": "7d"}` or `{"segment": id, "within": "7d"}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app import operators, spans
from app.events import conditions
from app.events.conditions import Condition
from app.problem import Problem

KINDS = ("event", "segment")
WORDS = {"event": ("event", "where", "within"), "segment": ("segment", "within")}
LONGEST = timedelta(days=365)
UNKNOWN = "It looks like {event, where, within} or {segment, within}."


class Wrong(ValueError):
    """`problem` names the part of the goal that is wrong."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.problem = Problem(f"goal.{path}" if path else "goal", message)


@dataclass(frozen=True)
class Goal:
    within: timedelta
    event: str = ""
    where: tuple[Condition, ...] = ()
    segment_id: int | None = None


def read(said: Mapping[str, Any], zone: ZoneInfo) -> Goal:
    """Raises Wrong."""
    kinds = [kind for kind in KINDS if kind in said]
    if len(kinds) != 1:
        raise Wrong("", UNKNOWN)
    if unknown := said.keys() - {*WORDS[kinds[0]]}:
        raise Wrong(min(map(str, unknown))[:60], "This word is not known here.")
    if kinds[0] == "segment":
        return Goal(_within(said), segment_id=_segment(said["segment"]))
    return Goal(_within(said), _event(said["event"]), _where(said.get("where"), zone))


def _within(said: Mapping[str, Any]) -> timedelta:
    if said.get("within") is None:
        raise Wrong("within", "Say within which time after the mail, like 7d.")
    try:
        length = spans.duration(said["within"]).length
    except ValueError as error:
        raise Wrong("within", str(error)) from None
    if length > LONGEST:
        raise Wrong("within", "At most a year.")
    return length


def _event(name: Any) -> str:
    try:
        operators.text(name, conditions.LONGEST_NAME)
    except ValueError as error:
        raise Wrong("event", str(error)) from None
    return str(name)


def _where(said: Any, zone: ZoneInfo) -> tuple[Condition, ...]:
    try:
        return tuple(conditions.read(said or [], zone))
    except conditions.Wrong as wrong:
        raise Wrong(f"where{wrong.path}", str(wrong)) from None


def _segment(key: Any) -> int:
    if isinstance(key, bool) or not isinstance(key, int) or not 0 < key < 2**63:
        raise Wrong("segment", "Say which segment: its id.")
    return key
