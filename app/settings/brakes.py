"""When a run pauses itself: shares of its mails, in percent. None: that brake is switched off."""

from __future__ import annotations

import msgspec

from app.audit import Actor
from app.settings import setting

NAME = "brakes"
MOST = 100


class Brakes(msgspec.Struct, frozen=True, kw_only=True):
    failed: float | None = 5
    bounced: float | None = 5
    complained: float | None = 0.1


def read() -> Brakes:
    return setting.read(NAME, Brakes)


def versioned() -> tuple[Brakes, int]:
    return setting.versioned(NAME, Brakes)


def problems(brakes: Brakes) -> dict[str, str]:
    limits = {name: getattr(brakes, name) for name in Brakes.__struct_fields__}
    said = f"A number of percent from 0 to {MOST}, like 5 or 0.1."
    # Asked this way round, what is no number at all is outside, too.
    return {name: said for name, limit in limits.items() if limit is not None and not 0 <= limit <= MOST}


def save(brakes: Brakes, version: int, by: Actor) -> None:
    setting.save(NAME, brakes, version, by)
