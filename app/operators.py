"""The comparisons that rules know: their words, what each takes, and how a value for it is read.

Written once: the builder offers them, the validator reads by them, the sentence says them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from app import spans
from app.spans import Duration, Span

MOST_VALUES = 1_000
LONGEST_TEXT = 1_000
UNKEEPABLE = re.compile("[\0\ud800-\udfff]")
OPPOSITES = {"not_equals": "equals", "not_in": "in", "not_exists": "exists"}


@dataclass(frozen=True)
class Operator:
    """`label` stands in a menu, `words` in a sentence: “score {is at least} 60”."""

    name: str
    label: str
    words: str
    takes: str  # a key of READERS


def _operators(*rows: tuple[str, str, str, str]) -> dict[str, Operator]:
    return {row[0]: Operator(*row) for row in rows}


OPERATORS = _operators(
    ("equals", "is", "is", "one"),
    ("not_equals", "is not", "is not", "one"),
    ("in", "is one of", "is one of", "many"),
    ("not_in", "is none of", "is none of", "many"),
    ("contains", "contains", "contains", "one"),
    ("contains_any", "contains any of", "contains any of", "many"),
    ("contains_all", "contains all of", "contains all of", "many"),
    ("starts_with", "starts with", "starts with", "text"),
    ("ends_with", "ends with", "ends with", "text"),
    ("at_least", "at least", "is at least", "size"),
    ("at_most", "at most", "is at most", "size"),
    ("between", "between", "is between", "two"),
    ("before", "before", "is before", "time"),
    ("after", "after", "is after", "time"),
    ("within_last", "within the last", "is within the last", "duration"),
    ("not_within_last", "not within the last", "is not within the last", "duration"),
    ("changed_within", "changed within the last", "changed within the last", "duration"),
    ("exists", "is known", "is known", "nothing"),
    ("not_exists", "is not known", "is not known", "nothing"),
)
ONE = {"string": "It must be a text.", "numeric": "It must be a number.", "boolean": "It must be yes or no."}
KNOWN = ("exists", "not_exists")
SAME = ("equals", "not_equals", "in", "not_in")
LATER = ("before", "after", "between", "at_least", "at_most", "within_last", "not_within_last")
# What makes sense for which type, in the order of a menu.
BY_KIND: dict[str, tuple[str, ...]] = {
    "string": (*SAME, "contains", "starts_with", "ends_with", *KNOWN, "changed_within"),
    "numeric": ("at_least", "at_most", "between", *SAME, *KNOWN, "changed_within"),
    "boolean": ("equals", "not_equals", *KNOWN, "changed_within"),
    "array": ("contains", "contains_any", "contains_all", *KNOWN, "changed_within"),
    "date": (*LATER, "equals", "not_equals", *KNOWN, "changed_within"),
    "timestamp": (*LATER, "equals", "not_equals", *KNOWN, "changed_within"),
}
ANY_KIND = tuple(OPERATORS)
OF_PROPERTIES = tuple(name for name in OPERATORS if name != "changed_within")


def read(op: str, raw: Any, kind: str | None, zone: ZoneInfo) -> Any:
    """The value as it is compared; ValueError says what is wrong with it."""
    return READERS[OPERATORS[op].takes](raw, kind, zone)


def text(raw: Any, longest: int = LONGEST_TEXT) -> str:
    if not isinstance(raw, str) or not raw:
        raise ValueError("It must be a text, and not an empty one.")
    if len(raw) > longest or UNKEEPABLE.search(raw):
        raise ValueError(f"It has at most {longest:,} characters, and no NUL.")
    return raw


def written(value: Any) -> str:
    """As a person would write it."""
    if isinstance(value, Span):
        return value.written
    if isinstance(value, Duration):
        return value.said
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(written, value))
    return f"{value:,}" if isinstance(value, int) else str(value)


def _one(raw: Any, kind: str | None, zone: ZoneInfo) -> Any:
    if kind in ("date", "timestamp"):
        return spans.span(raw, zone)
    if isinstance(raw, str) and kind not in ("numeric", "boolean"):
        return text(raw)
    if isinstance(raw, bool) and kind not in ("string", "numeric"):
        return raw
    if _is_number(raw) and kind not in ("string", "boolean"):
        return raw
    raise ValueError(ONE.get(kind or "", "It must be one text, one number, or yes or no."))


def _many(raw: Any, kind: str | None, zone: ZoneInfo) -> list[Any]:
    if not isinstance(raw, list) or not raw:
        raise ValueError("It must be a list with something in it.")
    if len(raw) > MOST_VALUES:
        raise ValueError(f"At most {MOST_VALUES:,} values; these are {len(raw):,}.")
    return [_one(one, kind, zone) for one in raw]


def _text(raw: Any, _kind: str | None, _zone: ZoneInfo) -> str:
    return text(raw)


def _size(raw: Any, kind: str | None, zone: ZoneInfo) -> Any:
    if _is_number(raw) and kind not in ("date", "timestamp"):
        return raw
    if isinstance(raw, str) and kind != "numeric":
        return spans.span(raw, zone)
    raise ValueError("It must be a number." if kind == "numeric" else "It must be a number or a day.")


def _two(raw: Any, kind: str | None, zone: ZoneInfo) -> list[Any]:
    if not isinstance(raw, list) or len(raw) != 2:
        raise ValueError("It must be a list of two: from, and to.")
    low, high = (_size(one, kind, zone) for one in raw)
    if isinstance(low, Span) != isinstance(high, Span):
        raise ValueError("Both must be numbers, or both days.")
    if (low.start > high.start) if isinstance(low, Span) else (low > high):
        raise ValueError("The first must not be greater than the second.")
    return [low, high]


def _nothing(raw: Any, _kind: str | None, _zone: ZoneInfo) -> None:
    if raw is not None:
        raise ValueError("It takes no value.")


def _is_number(raw: Any) -> bool:
    return isinstance(raw, int | float) and not isinstance(raw, bool) and abs(raw) < 1e100  # nor is it NaN


READERS: dict[str, Callable[[Any, str | None, ZoneInfo], Any]] = {
    "one": _one,
    "many": _many,
    "text": _text,
    "size": _size,
    "two": _two,
    "time": lambda raw, _kind, zone: spans.span(raw, zone),
    "duration": lambda raw, _kind, _zone: spans.duration(raw),
    "nothing": _nothing,
}
