"""A value inside a jsonb document, compared as rules and conditions of events say it.

`doc` is an expression of the document (c.attributes, e.properties), `bind` hands values over and returns their
placeholders. A type that was declared lets a comparison use an index; without one every value is looked at.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.operators import OPPOSITES
from app.spans import Duration, Span

Bind = Callable[[Any], str]


@dataclass(frozen=True)
class Held:
    """The value called `name` in `doc`."""

    doc: str
    name: str
    bind: Bind
    now: datetime
    zone: ZoneInfo
    kind: str | None = None  # its declared or observed type

    def compare(self, op: str, value: Any) -> str:
        """Opposites hold for whoever lacks the value, too."""
        if op in OPPOSITES:
            return f"({OPS[OPPOSITES[op]](self, value)}) IS NOT TRUE"
        return OPS[op](self, value)

    @property
    def key(self) -> str:
        return f"CAST({self.bind(self.name)} AS text)"

    @property
    def json(self) -> str:
        return f"({self.doc} -> {self.key})"

    @property
    def text(self) -> str:
        return f"({self.doc} ->> {self.key})"

    def holds(self, value: Any) -> str:
        """A containment, which the GIN index answers."""
        written = json.dumps({self.name: value}, ensure_ascii=False, default=str)
        return f"{self.doc} @> CAST({self.bind(written)} AS jsonb)"

    @property
    def number(self) -> str:
        """Spelled as the expression indexes on attributes are."""
        key = self.key
        held = f"({self.doc} -> {key})"
        return f"CASE WHEN (jsonb_typeof({held}) = 'number') THEN CAST({held} AS NUMERIC) END"

    @property
    def moment(self) -> str:
        return f"moment_of({self.text}, CAST({self.bind(self.zone.key)} AS text))"

    def is_so(self, test: str) -> str:
        return f"{self.doc} @@ CAST({self.bind(_path(self.name, ' ' + test))} AS jsonpath)"

    def is_written(self, sign: str, text: str) -> str:
        """That it is a text is asked of those alone that fit: two thirds of the time."""
        fits = f'{self.text} COLLATE "C" {sign} {self.bind(text)}'
        return f"CASE WHEN {fits} THEN jsonb_typeof({self.json}) = 'string' END"

    def is_text(self, test: str) -> str:
        path = self.bind(_path(self.name, ' ? (@.type() == "string")'))
        return f"{self.doc} @? CAST({path} AS jsonpath) AND {test}"


def _path(name: str, rest: str = "") -> str:
    return "strict $." + json.dumps(name, ensure_ascii=False) + rest


def _equals(held: Held, value: Any) -> str:
    if not isinstance(value, Span):
        return held.holds(value)
    return held.holds(value.written) if held.kind == "date" and value.is_day else _within(held, value)


def _in(held: Held, values: Sequence[Any]) -> str:
    return " OR ".join(_equals(held, value) for value in values)


def _contains(held: Held, value: Any) -> str:
    in_list = held.holds([value])
    if held.kind == "array" or not isinstance(value, str):
        return in_list
    in_text = held.is_text(f"strpos({held.text}, {held.bind(value)}) > 0")
    return in_text if held.kind == "string" else f"{in_list} OR ({in_text})"


def _contains_any(held: Held, values: Sequence[Any]) -> str:
    return " OR ".join(held.holds([value]) for value in values)


def _starts_with(held: Held, value: str) -> str:
    return held.is_text(f"starts_with({held.text}, {held.bind(value)})")


def _ends_with(held: Held, value: str) -> str:
    return held.is_text(f"right({held.text}, {len(value)}) = {held.bind(value)}")


def _at_least(held: Held, value: Any) -> str:
    return _from(held, value.start) if isinstance(value, Span) else _ranged(held, ">=", value)


def _at_most(held: Held, value: Any) -> str:
    return _until(held, value) if isinstance(value, Span) else _ranged(held, "<=", value)


def _between(held: Held, values: Sequence[Any]) -> str:
    return f"{_at_least(held, values[0])} AND {_at_most(held, values[1])}"


def _before(held: Held, value: Span) -> str:
    return _compared(held, "<", value.start)


def _after(held: Held, value: Span) -> str:
    return _compared(held, ">=" if value.is_day else ">", value.end)


def _within(held: Held, value: Span) -> str:
    return f"{_from(held, value.start)} AND {_until(held, value)}"


def _within_last(held: Held, value: Duration) -> str:
    return f"{_from(held, held.now - value.length)} AND {_compared(held, '<=', held.now)}"


def _not_within_last(held: Held, value: Duration) -> str:
    """Somebody has the value, and it is another moment."""
    return f"{_compared(held, '<', held.now - value.length)} OR {_compared(held, '>', held.now)}"


def _from(held: Held, at: datetime) -> str:
    return _compared(held, ">=", at)


def _until(held: Held, value: Span) -> str:
    return _compared(held, "<" if value.is_day else "<=", value.end)


def _compared(held: Held, sign: str, at: datetime) -> str:
    # Stored as UTC in ISO order, so text compares as time does, byte by byte.
    if held.kind == "timestamp":
        return held.is_written(sign, at.astimezone(UTC).isoformat())
    if held.kind == "date":
        return held.is_written(*_as_days(sign, at.astimezone(held.zone)))
    return f"{held.moment} {sign} CAST({held.bind(at)} AS timestamptz)"


def _as_days(sign: str, at: datetime) -> tuple[str, str]:
    """A day is its beginning in the team's zone: one bound for days that means the same as this one for moments."""
    day = at.date()
    if sign in (">=", "<") and datetime.combine(day, time(), at.tzinfo).timestamp() != at.timestamp():
        day += timedelta(days=1)
    return sign, day.isoformat()


def _ranged(held: Held, sign: str, value: Any) -> str:
    # A path reads the jsonb once where the expression reads it twice, and passes over whoever cannot match; what
    # serves an index, and decides, is the expression.
    return f"{held.is_so(f'{sign} {value}')} AND {held.number} {sign} CAST({held.bind(str(value))} AS numeric)"


def _exists(held: Held, _value: Any) -> str:
    return f"{held.doc} @? CAST({held.bind(_path(held.name, ' ? (@ != null)'))} AS jsonpath)"


OPS: dict[str, Callable[[Held, Any], str]] = {
    "equals": _equals,
    "in": _in,
    "contains": _contains,
    "contains_any": _contains_any,
    "contains_all": lambda held, values: held.holds(list(values)),
    "starts_with": _starts_with,
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
