"""What people tell of themselves on their preference page: where they live by the clock, and what interests them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.customers import attribute_types, upsert
from app.customers.customer import Customer
from app.customers.incoming import Incoming, Source
from app.settings import team

INTEREST = "interest"
MOST, LONGEST = 50, 80
SOURCE = Source("preference page")


def zone(customer: Customer) -> ZoneInfo:
    """Theirs, or the team's where theirs is not known."""
    try:
        return ZoneInfo(customer.timezone or team.zone().key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return team.zone()


def zones(customer: Customer) -> list[str]:
    known = team.zones()
    return [*known] if not customer.timezone or customer.timezone in known else [customer.timezone, *known]


def interests(customer: Customer) -> str:
    """As people write them, with commas between."""
    return ", ".join(_listed(customer.attributes.get(INTEREST)))


def has_interests() -> bool:
    """Not where the team declared the name as a number or a day."""
    return attribute_types.declared().get(INTEREST, "array") in {"array", "string"}


def problems(customer: Customer, timezone: str, interest: str) -> dict[str, str]:
    found, wanted = {}, _listed(interest)
    if timezone and timezone not in zones(customer):
        found["timezone"] = "We know no such time zone. Choose one of the list."
    if len(wanted) > MOST or any(len(one) > LONGEST for one in wanted):
        found[INTEREST] = f"At most {MOST} interests of {LONGEST} characters each."
    return found


def save(customer: Customer, timezone: str, interest: str, now: datetime) -> bool:
    """Writes what differs, if anything does."""
    columns = {"timezone": timezone or None} if timezone != (customer.timezone or "") else {}
    attributes = {}
    if has_interests() and _listed(interest) != _listed(interests(customer)):
        attributes[INTEREST] = _typed(_listed(interest))
    if columns or attributes:
        incoming = Incoming(0, customer_id=customer.id, columns=columns, attributes=attributes)
        upsert.upsert_many([incoming], SOURCE, now)
    return bool(columns or attributes)


def _typed(wanted: Sequence[str]) -> object:
    if not wanted:
        return None
    if attribute_types.declared().get(INTEREST) == "string":
        return ", ".join(wanted)
    attribute_types.observe({INTEREST: "array"})
    return list(wanted)


def _listed(held: object) -> list[str]:
    """Each once, however it is spelled."""
    parts = held if isinstance(held, list) else str(held or "").replace("\n", ",").split(",")
    told = (" ".join(str(part).split()) for part in parts)
    each: dict[str, str] = {}
    for one in told:
        each.setdefault(one.casefold(), one)
    return [one for one in each.values() if one]
