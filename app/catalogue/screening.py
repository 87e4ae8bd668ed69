"""What is refused of products, carts and orders before the database is asked, and in which words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec

from app.catalogue.item import Item
from app.customers.who import Who
from app.tally import Reject

LONGEST_KEY = 500  # what is looked up by an index
LONGEST = 2_000
LARGEST = 2**53  # what JSON numbers hold exactly
MOST_ITEMS = 500
LARGEST_ITEMS = 60_000  # bytes: the event that carries them takes 64 KB
AHEAD = timedelta(days=1)  # for clocks that run ahead
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class Refused(Exception):
    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(message)
        self.code, self.field = code, field

    def at(self, index: int) -> Reject:
        return Reject(index, self.code, self.field, str(self))


class Indexed(Protocol):
    @property
    def index(self) -> int: ...


Thing = TypeVar("Thing", bound=Indexed)


def screened(things: Sequence[Thing], check: Callable[[Thing], None]) -> tuple[list[Thing], list[Reject]]:
    good, rejects = [], []
    for thing in things:
        try:
            check(thing)
            good.append(thing)
        except Refused as refused:
            rejects.append(refused.at(thing.index))
    return good, rejects


def check_key(field: str, value: str) -> None:
    if not value:
        raise Refused("missing", field, "It is needed: it tells one from the other.")
    check_text(field, value, LONGEST_KEY)


def check_text(field: str, value: str | None, longest: int = LONGEST) -> None:
    if value is not None and len(value) > longest:
        raise Refused("too_long", field, f"At most {longest:,} characters.")
    if value is not None and "\0" in value:
        raise Refused("bad_value", field, "It holds a NUL character.")


def check_link(field: str, value: str | None) -> None:
    check_text(field, value)
    try:
        scheme = urlsplit(value or "").scheme
    except ValueError:
        raise Refused("bad_value", field, "It is no address of a page.") from None
    if scheme not in ("", "http", "https"):
        raise Refused("bad_value", field, "It begins with http:// or https://.")


def check_count(field: str, value: int | None) -> None:
    if value is not None and value < 0:
        raise Refused("bad_value", field, "It is never less than 0.")
    if value is not None and value > LARGEST:
        raise Refused("bad_value", field, f"It is never more than {LARGEST:,}.")


def check_currency(field: str, value: str | None) -> None:
    if value is not None and not (len(value) == 3 and value.isascii() and value.isalpha()):
        raise Refused("bad_value", field, "Three letters, as in EUR or USD.")


def check_time(field: str, value: datetime | None, now: datetime) -> None:
    if value is not None and value > now + AHEAD:
        raise Refused("in_the_future", field, "More than a day ahead: is the clock or the zone right?")
    if value is not None and value < EARLIEST:
        raise Refused("too_old", field, "Before 1970: is the time right?")


def check_who(who: Who) -> None:
    if who.customer_id is not None and not 0 < who.customer_id < 2**63:
        raise unknown_customer(who)
    check_text("lms_lead_id", who.lms_lead_id, LONGEST_KEY)
    check_text("email", who.email, LONGEST_KEY)


def unknown_customer(who: Who) -> Refused:
    return Refused("unknown_customer", "customer_id", f"There is no customer {who.customer_id}.")


def nobody(also: str = "") -> Refused:
    return Refused("missing", "who", f"Nobody is named: give customer_id, lms_lead_id or email{also}.")


def check_items(items: Sequence[Item]) -> None:
    if len(items) > MOST_ITEMS:
        raise Refused("too_large", "items", f"At most {MOST_ITEMS} items.")
    for place, item in enumerate(items):
        _check_item(f"items.{place}", item)
    if len(msgspec.json.encode([item.as_json() for item in items])) > LARGEST_ITEMS:
        raise Refused("too_large", "items", f"All items together take at most {LARGEST_ITEMS // 1000} KB.")


def _check_item(at: str, item: Item) -> None:
    check_key(f"{at}.product_id", item.product_id)
    check_count(f"{at}.quantity", item.quantity)
    check_count(f"{at}.price", item.price)
    check_text(f"{at}.name", item.name)
    check_link(f"{at}.image_url", item.image_url)
    check_link(f"{at}.url", item.url)


def needed(said: Mapping[str, Any], *names: str) -> None:
    """Said as null, and cannot be nothing."""
    for name in names:
        if name in said and said[name] is None:
            raise Refused("missing", name, "It cannot be empty.")
