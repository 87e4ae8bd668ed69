"""How each part of a condition is read: strictly, with a sentence for whatever is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from app import operators, spans
from app.events import conditions
from app.operators import OPERATORS
from app.segments.fields import COLUMNS, Input
from app.spans import Duration, Span

LONGEST_NAME = 200
MOST_TIMES = 1_000_000
TIMES = {"at_least": "at least", "at_most": "at most", "exactly": "exactly"}
SUM_OPS = ("at_least", "at_most", "between", "equals", "not_equals")


class Wrong(ValueError):
    """`path` leads from the part to what is wrong in it."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True)
class Reading:
    """What a part is read beside: the other parts as they were sent, the team's zone, the types of attributes."""

    raw: Mapping[str, Any]
    zone: ZoneInfo
    types: Mapping[str, str]

    @property
    def value_kind(self) -> str | None:
        """The type of what is compared; None where nobody knows it."""
        if "attribute" in self.raw:
            return self.types.get(str(self.raw["attribute"]))
        column = COLUMNS.get(str(self.raw.get("field")))
        return column.kind if column else None


@dataclass(frozen=True)
class Times:
    how: str
    count: int


@dataclass(frozen=True)
class Within:
    """In the last …, from … to …, or since the last run."""

    last: Duration | None = None
    start: Span | None = None
    end: Span | None = None
    since_last_run: bool = False


@dataclass(frozen=True)
class Nth:
    event: str
    n: int
    where: list[conditions.Condition]


def read(part: Input, raw: Any, reading: Reading) -> Any:
    try:
        return READERS[part.kind](part, raw, reading)
    except Wrong:
        raise
    except conditions.Wrong as error:
        raise Wrong(str(error), error.path) from None
    except ValueError as error:
        raise Wrong(str(error)) from None


def _name(_part: Input, raw: Any, _reading: Reading) -> str:
    return operators.text(raw, LONGEST_NAME)


def _names(part: Input, raw: Any, reading: Reading) -> list[str]:
    if not isinstance(raw, list) or not part.least <= len(raw) <= part.most:
        raise Wrong(f"It must be a list of {part.least} to {part.most} names.")
    return [_name(part, one, reading) for one in raw]


def _choice(part: Input, raw: Any, _reading: Reading) -> str:
    names = [name for name, _ in part.choices]
    if raw not in names:
        raise Wrong(f"It must be one of: {', '.join(names)}.")
    return str(raw)


def _whole(part: Input, raw: Any, _reading: Reading) -> int:
    return _whole_between(raw, part.least, part.most)


def _id(_part: Input, raw: Any, _reading: Reading) -> int:
    return _whole_between(raw, 1, 2**63 - 1)


def _whole_between(raw: Any, least: int, most: int) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or not least <= raw <= most:
        raise Wrong(f"It must be a whole number from {least:,} to {most:,}." if most < 2**60 else "It must be an id.")
    return raw


def _duration(_part: Input, raw: Any, _reading: Reading) -> Duration:
    return spans.duration(raw)


def _times(_part: Input, raw: Any, _reading: Reading) -> Times:
    if not isinstance(raw, dict) or len(raw) != 1 or (how := next(iter(raw))) not in TIMES:
        raise Wrong('It looks like {"at_least": 3}; at_least, at_most or exactly.')
    return Times(how, _whole_between(raw[how], 0, MOST_TIMES))


def _within(_part: Input, raw: Any, reading: Reading) -> Within:
    if not isinstance(raw, dict) or not raw or raw.keys() - {"last", "from", "to", "since"}:
        raise Wrong('It looks like {"last": "30d"}, {"from": …, "to": …} or {"since": "last_run"}.')
    if "last" in raw and len(raw) == 1:
        return Within(last=spans.duration(raw["last"]))
    if raw == {"since": "last_run"}:
        return Within(since_last_run=True)
    if raw.keys() <= {"from", "to"}:
        start, end = (spans.span(raw[key], reading.zone) if key in raw else None for key in ("from", "to"))
        if start and end and (start.start > end.end or (end.is_day and start.start == end.end)):
            raise Wrong("It ends before it begins.")
        return Within(start=start, end=end)
    raise Wrong("It is one of: last; from and to; since the last run.")


def _where(_part: Input, raw: Any, reading: Reading) -> list[conditions.Condition]:
    return conditions.read(raw, reading.zone)


def _nth(part: Input, raw: Any, reading: Reading) -> Nth:
    _only(raw, {"event", "n", "where"})
    event = _inside("event", lambda: _name(part, raw.get("event"), reading))
    n = _inside("n", lambda: _whole_between(raw.get("n"), 2, 1_000))
    return Nth(event, n, _inside("where", lambda: conditions.read(raw.get("where", []), reading.zone)))


def _last(part: Input, raw: Any, reading: Reading) -> str:
    _only(raw, {"event"})
    return str(_inside("event", lambda: _name(part, raw.get("event"), reading)))


def _only(raw: Any, names: set[str]) -> None:
    if not isinstance(raw, dict):
        raise Wrong('It looks like {"event": "login"}.')
    if unknown := raw.keys() - names:
        raise Wrong("This word is not known here.", f".{min(map(str, unknown))[:60]}")


def _inside(name: str, reader: Callable[[], Any]) -> Any:
    try:
        return reader()
    except ValueError as error:
        raise Wrong(str(error), f".{name}{getattr(error, 'path', '')}") from None


def _op(_part: Input, raw: Any, reading: Reading) -> str:
    kind = reading.value_kind
    fitting = operators.BY_KIND[kind] if kind else operators.ANY_KIND
    if not isinstance(raw, str) or raw not in OPERATORS:
        raise Wrong(f"“{str(raw)[:40]}” is no comparison that we know.")
    if raw not in fitting:
        raise Wrong(f"“{OPERATORS[raw].label}” makes no sense for a {kind}.")
    return raw


def _value(_part: Input, raw: Any, reading: Reading) -> Any:
    op = reading.raw.get("op")
    if not isinstance(op, str) or op not in OPERATORS:
        return None  # that is said of the comparison
    return operators.read(op, raw, reading.value_kind, reading.zone)


def _sum_op(_part: Input, raw: Any, _reading: Reading) -> str:
    if raw not in SUM_OPS:
        raise Wrong(f"It must be one of: {', '.join(SUM_OPS)}.")
    return str(raw)


def _sum(_part: Input, raw: Any, reading: Reading) -> Any:
    op = reading.raw.get("op")
    return operators.read(str(op), raw, "numeric", reading.zone) if op in SUM_OPS else None


READERS: dict[str, Callable[[Input, Any, Reading], Any]] = {
    "name": _name,
    "names": _names,
    "choice": _choice,
    "whole": _whole,
    "id": _id,
    "duration": _duration,
    "times": _times,
    "within": _within,
    "where": _where,
    "nth": _nth,
    "last": _last,
    "op": _op,
    "value": _value,
    "sum_op": _sum_op,
    "sum": _sum,
}
