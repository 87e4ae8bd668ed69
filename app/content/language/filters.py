"""The filters, typed and bounded: a value of the wrong kind stays as it is or shows nothing, and nothing raises."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from math import isfinite
from typing import Any

from app.content.language import dates
from app.content.language.allowed import LONGEST_CUT, MOST_DIGITS
from app.content.language.state import Context, state_of

LONGEST = 10_000  # of one value, whatever it is
MOST_JOINED = 1_000
WITHOUT_MINORS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF")
) | {"XPF"}
THREE_MINORS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
CURRENCY = re.compile(r"[A-Za-z]{3}")
WORD = re.compile(r"(^|[\s\-(\[{<„“\"/])(\w)")
# Controls say nothing to a reader, and the halves of surrogates cannot be sent.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def shown(value: Any) -> str:
    """The last step of everything that is shown: text, whatever it was."""
    if type(value) is str and len(value) <= LONGEST:
        return value if value.isprintable() else CONTROL.sub("", value)
    return _shown(value)


def is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and (not value or value.isspace()))


def default(value: Any, instead: Any, _even_if_false: Any = None) -> Any:
    return instead if is_missing(value) else value


def upper(value: Any) -> str:
    return shown(value).upper()


def lower(value: Any) -> str:
    return shown(value).lower()


def title(value: Any) -> str:
    return WORD.sub(lambda found: found[1] + found[2].upper(), shown(value).lower())


def date_(context: Context, value: Any, form: Any = None) -> Any:
    return dates.written(value, form, state_of(context).zone)


def money(value: Any, currency: Any = None) -> Any:
    """Of minor units: 4180 in EUR is 41.80 EUR, in JPY it is 4,180 JPY."""
    amount = _whole(value)
    if amount is None:
        return value
    code = currency.upper() if isinstance(currency, str) and CURRENCY.fullmatch(currency) else ""
    digits = 0 if code in WITHOUT_MINORS else 3 if code in THREE_MINORS else 2
    major, minor = divmod(abs(amount), 10**digits)
    figure = f"{major:,}.{minor:0{digits}}" if digits else f"{major:,}"
    return f"{'-' if amount < 0 else ''}{figure} {code}".rstrip()


def number(value: Any, digits: Any = None) -> Any:
    if not _is_number(value) or not abs(value) < 1e24:  # NaN is not less either
        return value
    if type(digits) is int and 0 <= digits <= MOST_DIGITS:
        return f"{value:,.{digits}f}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.{MOST_DIGITS}f}".rstrip("0").rstrip(".")


def truncate(value: Any, longest: Any = 255) -> str:
    """At the end of a word, where there is one."""
    text, most = shown(value), longest if type(longest) is int and 1 <= longest <= LONGEST_CUT else 255
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    return (cut.rpartition(" ")[0].rstrip() or cut) + "…"


def join(value: Any, between: Any = ", ") -> str:
    if not isinstance(value, list | tuple):
        return shown(value)
    return shown(between).join(shown(one) for one in islice(value, MOST_JOINED))[:LONGEST]


def length(value: Any) -> Any:
    if value is None:
        return 0
    return len(value) if isinstance(value, str | list | tuple | dict) else ""


def first(value: Any) -> Any:
    return value[0] if isinstance(value, str | list | tuple) and value else ""


def last(value: Any) -> Any:
    return value[-1] if isinstance(value, str | list | tuple) and value else ""


def escape(value: Any) -> Any:
    """Everything in HTML is escaped once, at its end; this is here for who is used to write it."""
    return value


def compare(left: Any, operator: str, right: Any) -> bool:
    """Unequal kinds are neither more nor less. Missing equals empty."""
    if operator in {"in", "notin"}:
        return _is_in(left, right) == (operator == "in")
    if operator in {"eq", "ne"}:
        return _is_equal(left, right) == (operator == "eq")
    if not (_is_number(left) and _is_number(right)) and (type(left) is not type(right) or not _has_order(left)):
        return False
    try:
        return bool(ORDERS[operator](left, right))
    except (TypeError, ArithmeticError):  # moments with and without a zone; a Decimal that is no number
        return False


def plus(left: Any, right: Any) -> Any:
    if left is None or right is None:
        return right if left is None else left
    if isinstance(left, str) and isinstance(right, str):
        return f"{left}{right}"[:LONGEST]
    return _reckoned(left, right, 1)


def minus(left: Any, right: Any) -> Any:
    return _reckoned(left, right, -1)


ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "lt": lambda left, right: left < right,
    "lteq": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "gteq": lambda left, right: left >= right,
}


def _shown(value: Any) -> str:
    """Kinds that are not named here are never asked for their text: asking could run code."""
    if isinstance(value, str):
        return CONTROL.sub("", str.__str__(value)[:LONGEST])
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(int(value)) if value.bit_length() <= 256 else ""
    if isinstance(value, float | Decimal):
        return _decimal(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return ", ".join(shown(one) for one in value[:MOST_JOINED] if _is_flat(one)) if _is_list(value) else ""


def _decimal(value: Any) -> str:
    if not (value.is_finite() if isinstance(value, Decimal) else isfinite(value)):
        return ""
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else str(value)


def _whole(value: Any) -> int | None:
    if not _is_number(value) or not abs(value) < 1e24:
        return None
    return int(value) if value == int(value) else None


def _reckoned(left: Any, right: Any, sign: int) -> Any:
    if not (_is_number(left) and _is_number(right)):
        return ""
    try:
        return left + sign * right
    except (TypeError, ArithmeticError):
        return ""


def _is_equal(left: Any, right: Any) -> bool:
    if is_missing(left) or is_missing(right):
        return is_missing(left) and is_missing(right)
    return bool(left == right) if _is_flat(left) and _is_flat(right) else False


def _is_in(left: Any, right: Any) -> bool:
    if isinstance(right, str):
        return isinstance(left, str) and bool(left) and left in right
    return _is_list(right) and any(_is_equal(left, one) for one in right[:MOST_JOINED])


def _is_number(value: Any) -> bool:
    """One that can be reckoned with: not NaN, and not of a thousand digits."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    if isinstance(value, Decimal):
        return value.is_finite() and abs(value.adjusted()) < 300
    return isinstance(value, float) or value.bit_length() <= 256


def _has_order(value: Any) -> bool:
    return isinstance(value, str | date)


def _is_flat(value: Any) -> bool:
    return isinstance(value, str | int | float | Decimal | date) and not (
        isinstance(value, Decimal) and not value.is_finite()
    )


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)
