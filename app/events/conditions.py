"""Conditions on an event's properties: {property, op, value}, for rules and triggers alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app import operators
from app.comparing import Bind, Held

MOST = 20
LONGEST_NAME = 200


@dataclass(frozen=True)
class Condition:
    name: str
    op: str
    value: Any


class Wrong(ValueError):
    """`path` leads to what is wrong within the conditions."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


def read(raw: Any, zone: ZoneInfo) -> list[Condition]:
    if not isinstance(raw, list) or len(raw) > MOST:
        raise Wrong("", f"It must be a list of at most {MOST} conditions.")
    return [_one(f"[{number}]", one, zone) for number, one in enumerate(raw)]


def sql(conditions: Sequence[Condition], doc: str, bind: Bind, now: datetime, zone: ZoneInfo) -> str:
    """A test on the properties `doc` of an event; what is NULL does not hold."""
    tests = [Held(doc, one.name, bind, now, zone).compare(one.op, one.value) for one in conditions]
    return " AND ".join(f"({test})" for test in tests) or "true"


def _one(path: str, raw: Any, zone: ZoneInfo) -> Condition:
    if not isinstance(raw, dict):
        raise Wrong(path, "A condition looks like {property, op, value}.")
    if unknown := raw.keys() - {"property", "op", "value"}:
        raise Wrong(f"{path}.{min(map(str, unknown))[:60]}", "This word is not known here.")
    name, op = raw.get("property"), raw.get("op", "equals")
    try:
        operators.text(name, LONGEST_NAME)
    except ValueError as error:
        raise Wrong(f"{path}.property", str(error)) from None
    if op not in operators.OF_PROPERTIES:
        raise Wrong(f"{path}.op", f"“{str(op)[:40]}” is no comparison that we know.")
    try:
        return Condition(str(name), op, operators.read(op, raw.get("value"), None, zone))
    except ValueError as error:
        raise Wrong(f"{path}.value", str(error)) from None
