"""How one cell of a file reads: a field of a customer or a move, or an attribute; or what is wrong with it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from json.encoder import encode_basestring as quoted
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from app.customers.attribute_values import CONTROL, Wrong, array, day, numeric, text
from app.events.funnel_event import FUNNEL_TYPES
from app.settings.addresses import is_address

LONGEST = 500
BIGGEST_ID = 2**63
NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,14})?")
DIGITS = 15  # so many every program keeps
IN_ANOTHER_WAY = re.compile(r"[-+]?\d{1,3}([.,'’ \xa0\u202f]\d{3})+([.,]\d+)?|[-+]?\d+,\d+")
BY_DAY_OR_MONTH = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}.*", re.DOTALL)
IN_STOCK, OUT_OF_STOCK = frozenset({"in stock", "available"}), frozenset({"out of stock", "sold out"})
YES, NO = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})
MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(\s?(Z|[+-]\d\d:?\d\d))?)?", re.IGNORECASE | re.ASCII
)
UTC_MOMENT = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z")
PLAIN_ADDRESS = re.compile(
    r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)

Quickly = Callable[[Sequence[str], Mapping[str, Any]], "list[Any] | None"]


def of_field(name: str, zone: ZoneInfo) -> Callable[[str], Any]:
    if name == "created_date":
        return lambda cell: _moment(cell, zone) if cell.strip() else None
    reading = READINGS.get(name, _kept)
    return lambda cell: reading(cell) if cell.strip() else None


def _customer_id(cell: str) -> str:
    number = cell.strip()
    if not (number.isascii() and number.isdecimal() and len(number) < 20 and 0 < int(number) < BIGGEST_ID):
        raise Wrong("wrong_type", "customer_id is not a number")
    return number


def _key(cell: str) -> str:
    key = cell.strip()
    _check(key)
    return key


def _kept(cell: str) -> str:
    if len(cell) > LONGEST:
        raise Wrong("too_long", f"Longer than {LONGEST} characters")
    return cell


def _email(cell: str) -> str:
    address = cell.strip()
    _check(address)
    if "@" not in address:
        raise Wrong("bad_email", "The e-mail address has no @")
    if not is_address(address):
        raise Wrong("bad_email", "This is no e-mail address")
    return address


def _zone(cell: str) -> str:
    if cell.strip() not in _zones():
        raise Wrong("bad_timezone", "No time zone is called that; write it like Europe/Berlin")
    return cell.strip()


def _funnel(cell: str) -> str:
    if cell.strip() not in FUNNEL_TYPES:
        raise Wrong("bad_funnel_type", f"funnel_type is neither {' nor '.join(FUNNEL_TYPES)}")
    return cell.strip()


def _whole(cell: str) -> str:
    number = cell.strip()
    if not re.fullmatch(r"-?[0-9]{1,15}", number):
        raise Wrong("wrong_type", "It is not a whole number")
    return number


def _smallest(cell: str) -> str:
    number = cell.strip()
    if not re.fullmatch(r"[0-9]{1,15}", number):
        raise Wrong(
            "wrong_type", "It is no whole number of cents, like 1990; for prices like 19.90 choose that meaning"
        )
    return number


def _there(cell: str) -> bool:
    said = cell.strip().lower().replace("_", " ")
    if said not in YES | NO | IN_STOCK | OUT_OF_STOCK:
        raise Wrong("wrong_type", "It is neither yes nor no")
    return said in YES | IN_STOCK


def _check(cell: str) -> None:
    _kept(cell)
    if CONTROL.search(cell):
        raise Wrong("control_characters", "It holds control characters")


def _moment(cell: str, zone: ZoneInfo) -> str:
    """Without an offset it is meant as the team's clock shows it."""
    written = cell.strip()
    if BY_DAY_OR_MONTH.fullmatch(written):
        raise Wrong("bad_date", "Day and month could be mistaken for each other; write it like 2026-10-22")
    if not MOMENT.fullmatch(written):
        raise Wrong("bad_date", "This is no date that can be read; write it like 2026-10-22 or 2026-10-22 10:04")
    try:
        moment = datetime.fromisoformat(written.upper().replace(" ", "T", 1).replace(" ", ""))
        local = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return local.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise Wrong("bad_date", "This day or time does not exist") from None


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


READINGS: dict[str, Callable[[str], Any]] = {
    "customer_id": _customer_id,
    "lms_lead_id": _key,
    "email": _email,
    "timezone": _zone,
    "funnel_type": _funnel,
    "from_stage": _key,
    "to_stage": _key,
    "id": _key,
    "product_id": _key,
    "name": str.strip,
    "category": str.strip,
    "price": str.strip,
    "price_minor": _smallest,
    "currency": str.strip,
    "stock": _whole,
    "in_stock": _there,
    "image_url": str.strip,
    "url": str.strip,
}


def _quick_keys(cells: Sequence[str], _known: Mapping[str, Any]) -> list[Any] | None:
    if max(map(len, cells)) > LONGEST or CONTROL.search("|".join(cells)):
        return None
    return [cell.strip() or None for cell in cells]


def _quick_texts(cells: Sequence[str], _known: Mapping[str, Any]) -> list[Any] | None:
    if max(map(len, cells)) > LONGEST:
        return None
    return [cell if cell.strip() else None for cell in cells]


def _quick_addresses(cells: Sequence[str], known: Mapping[str, Any]) -> list[Any] | None:
    """The shape that nearly all have; whatever is longer or stranger is looked at with care."""
    plain = PLAIN_ADDRESS.fullmatch
    return [cell if len(cell) <= 64 and plain(cell) else known[cell] for cell in cells]


def _quick_moments(cells: Sequence[str], _known: Mapping[str, Any]) -> list[Any] | None:
    """In UTC and written to the second, as most programs export it: only the days need a look."""
    if not all(map(UTC_MOMENT.fullmatch, cells)):
        return None
    try:
        days = {cell[:10] for cell in cells}
        return [f"{cell[:-1]}+00:00" for cell in cells] if all(map(date.fromisoformat, days)) else None
    except ValueError:
        return None


QUICKLY: dict[str, Quickly] = {
    "lms_lead_id": _quick_keys,
    "email": _quick_addresses,
    "first_name": _quick_texts,
    "last_name": _quick_texts,
    "mobile": _quick_texts,
    "created_date": _quick_moments,
    "id": _quick_keys,
}


def as_it_reads(cell: str) -> str:
    """As JSON. A number only when written as one: 00123 and +49 are texts."""
    if number := _plain_number(cell):
        return number
    lower = cell.lower()
    if lower in ("true", "false"):
        return lower
    if cell.startswith("[") and cell.endswith("]"):
        try:
            return _list(cell)
        except Wrong:
            pass
    return quoted(text(cell))


def _plain_number(cell: str) -> str | None:
    """The same as the API would store: 1.50 is 1.5, and more digits than a float keeps are none."""
    if not (found := NUMBER.fullmatch(cell)) or (len(cell) > DIGITS and sum(map(str.isdigit, cell)) > DIGITS):
        return None
    return repr(float(cell)) if found[2] else cell


def of_declared(kind: str, zone: ZoneInfo) -> Callable[[str], str]:
    return {
        "string": lambda cell: quoted(text(cell)),
        "numeric": _number,
        "boolean": _boolean,
        "array": _array,
        "date": lambda cell: quoted(_day(cell)),
        "timestamp": lambda cell: quoted(_moment(cell, zone)),
    }[kind]


def _number(cell: str) -> str:
    number = cell.strip()
    if plain := _plain_number(number):
        return plain
    if IN_ANOTHER_WAY.fullmatch(number):
        raise Wrong("wrong_type", "Write numbers without separators and with a point, like 1234.5")
    try:
        if "_" in number:
            raise ValueError
        value = int(number) if re.fullmatch(r"[-+]?\d+", number) else float(number)
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError
    except ValueError:
        raise Wrong("wrong_type", "It is not a number") from None
    return json.dumps(numeric(value))


def _boolean(cell: str) -> str:
    said = cell.strip().lower()
    if said not in YES | NO:
        raise Wrong("wrong_type", "It is neither true nor false")
    return "true" if said in YES else "false"


def consent(cell: str) -> bool | None:
    """An empty cell says nothing."""
    said = cell.strip().lower()
    if said and said not in YES | NO:
        raise Wrong("wrong_type", "It is neither yes nor no")
    return said in YES if said else None


def _array(cell: str) -> str:
    """JSON, or divided by semicolons."""
    said = cell.strip()
    if said.startswith("["):
        return _list(said)
    parts = [part.strip() for part in said.split(";")]
    return json.dumps(array([part for part in parts if part]), ensure_ascii=False)


def _list(said: str) -> str:
    try:
        return json.dumps(array(json.loads(said)), ensure_ascii=False)
    except Wrong:
        raise
    except (ValueError, RecursionError):
        raise Wrong("wrong_type", "The list is not closed or not written as JSON") from None


def _day(cell: str) -> str:
    try:
        return day(cell.strip())
    except Wrong:
        raise Wrong("bad_date", "This is no date that exists; write it like 2026-10-22") from None
