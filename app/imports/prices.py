"""A price as people write it becomes minor units: 19.90, 19,90, 1.234,50 or 1’234.50. One that may mean two is none."""

from __future__ import annotations

import re

from app import money
from app.customers.attribute_values import Wrong

WRITTEN = re.compile(r"(?P<whole>[0-9]{1,3}(?P<sign>[.,'’ \xa0\u202f])[0-9]{3}(?:(?P=sign)[0-9]{3})*|[0-9]{1,15})"
                     r"(?:(?P<point>[.,])(?P<rest>[0-9]{1,6}))?")  # fmt: skip
OTHERWISE = "It is no price that can be read; write it like 19.90, and the currency in a column of its own"


def minor_units(cell: str, currency: str | None) -> int:
    found = WRITTEN.fullmatch(cell)
    if not found or (found["sign"] and found["sign"] == found["point"]):
        raise Wrong("bad_price", OTHERWISE)
    places = money.places_of(currency)
    whole, rest = found["whole"], found["rest"] or ""
    if _may_be_a_point(found):
        if places != 3:
            raise Wrong("bad_price", f"“{cell}” may mean two prices; write it like {whole.translate(NOTHING)}.00")
        whole, _, rest = whole.partition(found["sign"])
    if rest[places:].strip("0"):
        raise Wrong("bad_price", f"{currency or 'A price'} has {places} places after the point, not {len(rest)}")
    return int(whole.translate(NOTHING) + rest[:places].ljust(places, "0"))


def _may_be_a_point(found: re.Match[str]) -> bool:
    """1.234: one and a bit, or more than a thousand?"""
    return found["rest"] is None and found["sign"] in (".", ",") and found["whole"].count(found["sign"]) == 1


NOTHING = dict.fromkeys(map(ord, ".,'’ \xa0\u202f"))
