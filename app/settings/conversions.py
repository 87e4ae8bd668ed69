"""By which rule a mail has the credit for what people do, and what a mail costs."""

from __future__ import annotations

import re

import msgspec

from app.audit import Actor
from app.settings import setting

NAME = "conversions"
RULES = ("last_click", "last_send", "first_click")
MOST = 100_000  # minor units a mail
CURRENCY = re.compile(r"[A-Z]{3}")


class Conversions(msgspec.Struct, frozen=True, kw_only=True):
    """`cost` of a mail in minor units, like 0.04 cents; None: nobody has said."""

    rule: str = "last_click"
    cost: float | None = None
    currency: str = ""


def read() -> Conversions:
    return setting.read(NAME, Conversions)


def versioned() -> tuple[Conversions, int]:
    return setting.versioned(NAME, Conversions)


def problems(wanted: Conversions) -> dict[str, str]:
    found = {} if wanted.rule in RULES else {"rule": "Choose one of the rules."}
    if wanted.cost is None:
        return found
    if not 0 <= wanted.cost <= MOST:
        found["cost"] = f"A number from 0 to {MOST:,}, like 0.04."
    if not CURRENCY.fullmatch(wanted.currency):
        found["currency"] = "Three letters, like EUR."
    return found


def save(wanted: Conversions, version: int, by: Actor) -> None:
    setting.save(NAME, wanted, version, by)
