"""The gates on the way of a mail, in their order: each was passed, stopped it, holds it, or was never reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.segments.why import Reason

PASSED, STOPPED, WAITS, AHEAD, UNKNOWN = "passed", "stopped", "waits", "ahead", "unknown"
# In the order in which they are asked. What is not always there is shown only where something is said of it.
LABELS = {
    "acts": "The automation acts",
    "happened": "What it answers",
    "due": "The time to wait",
    "unless": "Nothing in between",
    "hoped": "What was hoped for",
    "planned": "The run",
    "segment": "The segment",
    "often": "Not too often",
    "address": "An address",
    "suppressed": "The address takes mail",
    "consent": "They allow it",
    "allowed": "This machine may",
    "duplicate": "One mail an address",
    "holdout": "Not held out",
    "held": "Its time to go",
    "capped": "Not too much mail",
    "drawn": "The mail is drawn",
    "posted": "Handed over",
    "accepted": "The provider took it",
    "delivered": "Delivered",
    "complained": "Not reported",
    "opened": "Opened",
    "clicked": "Clicked",
    "converted": "Converted",
}
ALWAYS = ("address", "suppressed", "consent", "drawn", "posted", "accepted", "delivered", "opened", "clicked")
ORDER = {name: place for place, name in enumerate(LABELS)}


@dataclass(frozen=True)
class Gate:
    """`at` is the moment that `said` is about; `reason` the conditions of a segment."""

    name: str
    standing: str
    said: str = ""
    at: datetime | None = None
    reason: Reason | None = None

    @property
    def label(self) -> str:
        return LABELS[self.name]


def passed(name: str, said: str = "", at: datetime | None = None) -> Gate:
    return Gate(name, PASSED, said, at)


def stopped(name: str, said: str, at: datetime | None = None, reason: Reason | None = None) -> Gate:
    return Gate(name, STOPPED, said, at, reason)


def waits(name: str, said: str, at: datetime | None = None) -> Gate:
    return Gate(name, WAITS, said, at)


def laid_out(told: Iterable[Gate]) -> tuple[Gate, ...]:
    """Whatever lies before the last one that was reached was passed; what lies behind it is still ahead."""
    by_name = {one.name: one for one in told}
    reached = max((ORDER[one.name] for one in by_name.values() if one.standing != AHEAD), default=-1)
    return tuple(
        by_name.get(name) or Gate(name, PASSED if ORDER[name] < reached else AHEAD)
        for name in LABELS
        if name in by_name or name in ALWAYS
    )
