"""Values of attributes: six types, the same for the API and for a file, stored so that equal things are equal."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

from app.customers.attributes import FIELD_TYPES
from app.customers.incoming import COLUMNS

LONGEST_NAME = 100
LONGEST_TEXT = 10_000
MOST_ELEMENTS = 1_000
LARGEST = 2**63  # what every reader of JSON can hold
RESERVED = frozenset({*COLUMNS, "id", "customer_id", "external_id", "attributes"})
UNKEEPABLE = re.compile("[\0\ud800-\udfff]")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII)
A_TIME = "It must be a time like 2026-10-22T10:04:00+02:00."


class Wrong(ValueError):
    """The value does not fit; the sentence says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def check_name(name: str) -> None:
    if not name or not name.strip() or len(name) > LONGEST_NAME:
        raise Wrong("bad_name", f"A name of an attribute has 1 to {LONGEST_NAME} characters.")
    if name != name.strip():
        raise Wrong("bad_name", "A name of an attribute has no blanks at its beginning or end.")
    if CONTROL.search(name) or UNKEEPABLE.search(name):
        raise Wrong("bad_name", "A name of an attribute holds no control characters.")
    if name in RESERVED:
        raise Wrong("reserved_name", f"“{name}” is a field of the customer, not an attribute.")


def typed(name: str, value: object, declared: str | None) -> object:
    """As it is stored; null clears whatever the type."""
    check_name(name)
    if value is None:
        return None
    kind = declared or infer(value)
    if kind not in FIELD_TYPES:
        raise Wrong("unknown_type", f"A type is one of {', '.join(FIELD_TYPES)}.")
    return CHECKS[kind](value)


def infer(value: object) -> str:
    """Never a date: a text that looks like one may be anything."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float | Decimal):
        return "numeric"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list | tuple):
        return "array"
    raise Wrong("wrong_type", "An attribute is a number, a text, yes or no, or a list of these.")


def text(value: object) -> str:
    if not isinstance(value, str):
        raise Wrong("wrong_type", "It must be a text.")
    if len(value) > LONGEST_TEXT:
        raise Wrong("too_long", f"A text has at most {LONGEST_TEXT:,} characters.")
    if UNKEEPABLE.search(value):
        raise Wrong("bad_value", "The text holds a NUL or half a character.")
    return value


def numeric(value: object) -> int | float | Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Wrong("wrong_type", "It must be a number.")
    number: int | float | Decimal = value
    if not isinstance(number, int) and not _is_finite(number):
        raise Wrong("bad_value", "NaN and Infinity are no numbers.")
    if not -LARGEST < number < LARGEST:
        raise Wrong("bad_value", "The number is too large.")
    return number


def _is_finite(number: float | Decimal) -> bool:
    return number.is_finite() if isinstance(number, Decimal) else math.isfinite(number)


def boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise Wrong("wrong_type", "It must be true or false.")
    return value


def array(value: object) -> list[object]:
    if not isinstance(value, list | tuple):
        raise Wrong("wrong_type", "It must be a list.")
    if len(value) > MOST_ELEMENTS:
        raise Wrong("too_long", f"A list has at most {MOST_ELEMENTS:,} elements.")
    return [_element(one) for one in value]


def _element(value: object) -> object:
    kind = infer(value)
    if kind == "array":
        raise Wrong("wrong_type", "A list holds numbers, texts, true and false, no lists.")
    return CHECKS[kind](value)


def day(value: object) -> str:
    try:
        if isinstance(value, str) and DAY.fullmatch(value):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise Wrong("wrong_type", "It must be a date that exists, like 2026-10-22.")


def timestamp(value: object) -> str:
    if not isinstance(value, str) or not (found := RFC_3339.fullmatch(value)):
        raise Wrong("wrong_type", A_TIME)
    if not found[3]:
        raise Wrong("wrong_type", "The time needs an offset, like 2026-10-22T10:04:00+02:00.")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC).isoformat()
    except (ValueError, OverflowError) as error:
        raise Wrong("wrong_type", A_TIME) from error


CHECKS: dict[str, Callable[[object], object]] = {
    "string": text,
    "numeric": numeric,
    "boolean": boolean,
    "array": array,
    "date": day,
    "timestamp": timestamp,
}
