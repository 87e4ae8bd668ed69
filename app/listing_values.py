"""Values as people type them into a filter, read strictly: a wrong one is refused with a sentence."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from app.listing import BadAsk


def number(value: str) -> Decimal:
    try:
        found = Decimal(value.strip())
    except InvalidOperation as error:
        raise BadAsk(f"“{value[:40]}” is not a number.") from error
    if not found.is_finite() or abs(found.adjusted()) > 100:
        raise BadAsk(f"“{value[:40]}” is not a number that can be compared.")
    return found


def days(value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) <= 5):
        raise BadAsk(f"“{value[:40]}” is not a number of days.")
    return int(value)


def start_of_day(value: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=zone)
    except ValueError as error:
        raise BadAsk(f"“{value[:40]}” is not a day like 2026-10-22.") from error
