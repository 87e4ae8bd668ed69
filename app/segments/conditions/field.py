"""{"field": "email", "op": "ends_with", "value": "@example.com"}: a column of the customer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from app.operators import OPPOSITES
from app.segments import words
from app.segments.conditions import attribute
from app.segments.fields import COLUMNS, Column
from app.segments.frame import Frame
from app.segments.meaning import Meaning, Said, day_said, one
from app.segments.sets import Part, Rows
from app.segments.words import Words

TYPES = {"string": "text", "numeric": "numeric", "timestamp": "timestamptz"}


def part(said: Said, frame: Frame) -> Part:
    column, op = COLUMNS[said["field"]], str(said["op"])
    if op == "changed_within":
        return attribute.changed(column.name, True, said, frame)
    test = TESTS[OPPOSITES.get(op, op)](_Asked(column, said.get("value"), frame))
    return Rows(test).negated if op in OPPOSITES else Rows(test)


class _Asked:
    """A column, and the value that it is compared with."""

    def __init__(self, column: Column, value: Any, frame: Frame) -> None:
        self.frame, self.value = frame, _folded(value) if column.is_folded else value
        self.sql = "c.email_folded" if column.is_folded else f"c.{column.name}"
        self.type = TYPES[column.kind]

    def put(self, value: Any) -> str:
        return f"CAST({self.frame.bind(str(value) if self.type == 'numeric' else value)} AS {self.type})"


def _folded(value: Any) -> Any:
    return [_folded(one) for one in value] if isinstance(value, list) else str(value).lower()


def _equals(asked: _Asked) -> str:
    if asked.type == "timestamptz":
        return f"{_from(asked, asked.value.start)} AND {_until(asked, asked.value)}"
    return f"{asked.sql} = {asked.put(asked.value)}"


def _in(asked: _Asked) -> str:
    values = asked.frame.bind([str(one) for one in asked.value])
    return f"{asked.sql} = ANY (CAST(CAST({values} AS text[]) AS {asked.type}[]))"


def _between(asked: _Asked) -> str:
    low, high = asked.value
    if asked.type == "timestamptz":
        return f"{_from(asked, low.start)} AND {_until(asked, high)}"
    return f"{asked.sql} BETWEEN {asked.put(low)} AND {asked.put(high)}"


def _at_least(asked: _Asked) -> str:
    value = asked.value
    return _from(asked, value.start) if asked.type == "timestamptz" else f"{asked.sql} >= {asked.put(value)}"


def _at_most(asked: _Asked) -> str:
    value = asked.value
    return _until(asked, value) if asked.type == "timestamptz" else f"{asked.sql} <= {asked.put(value)}"


def _before(asked: _Asked) -> str:
    return f"{asked.sql} < {asked.put(asked.value.start)}"


def _after(asked: _Asked) -> str:
    return f"{asked.sql} {'>=' if asked.value.is_day else '>'} {asked.put(asked.value.end)}"


def _within_last(asked: _Asked) -> str:
    now = asked.frame.now
    return f"{_from(asked, now - asked.value.length)} AND {asked.sql} <= {asked.put(now)}"


def _not_within_last(asked: _Asked) -> str:
    now = asked.frame.now
    return f"{asked.sql} < {asked.put(now - asked.value.length)} OR {asked.sql} > {asked.put(now)}"


def _from(asked: _Asked, at: datetime) -> str:
    return f"{asked.sql} >= {asked.put(at)}"


def _until(asked: _Asked, span: Any) -> str:
    return f"{asked.sql} {'<' if span.is_day else '<='} {asked.put(span.end)}"


def _contains(asked: _Asked) -> str:
    return f"strpos({asked.sql}, {asked.put(asked.value)}) > 0"


def _ends_with(asked: _Asked) -> str:
    return f"right({asked.sql}, {len(asked.value)}) = {asked.put(asked.value)}"


def _exists(asked: _Asked) -> str:
    return f"{asked.sql} IS NOT NULL" if asked.type != "text" else f"{asked.sql} <> ''"


TESTS: dict[str, Callable[[_Asked], str]] = {
    "equals": _equals,
    "in": _in,
    "contains": _contains,
    "starts_with": lambda asked: f"starts_with({asked.sql}, {asked.put(asked.value)})",
    "ends_with": _ends_with,
    "at_least": _at_least,
    "at_most": _at_most,
    "between": _between,
    "before": _before,
    "after": _after,
    "within_last": _within_last,
    "not_within_last": _not_within_last,
    "exists": _exists,
}


def sentence(said: Said) -> Words:
    column = COLUMNS[said["field"]]
    return [words.Bit("whose "), *words.compared(column.said, said["op"], said.get("value"))]


def told(said: Said, frame: Frame, customer_id: int) -> str:
    row = one(f"SELECT {COLUMNS[said['field']].name} FROM customers WHERE id = :id", frame, id=customer_id)
    if row is None or row[0] in (None, ""):
        return "is not known"
    return day_said(row[0], frame) if isinstance(row[0], datetime) else str(row[0])


MEANING = Meaning(part, sentence, told)
