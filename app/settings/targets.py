"""What the team aims at: rates that mails and carts are held against. In percent."""

from __future__ import annotations

import msgspec

from app.audit import Actor
from app.settings import setting

NAME = "targets"


class Targets(msgspec.Struct, frozen=True, kw_only=True):
    """Of carts less than `abandoned` shall be left; of everything else it shall be more."""

    abandoned: float = 70
    recovered: float = 10
    opened: float = 20
    clicked: float = 3
    converted: float = 2


def read() -> Targets:
    return setting.read(NAME, Targets)


def versioned() -> tuple[Targets, int]:
    return setting.versioned(NAME, Targets)


def problems(wanted: Targets) -> dict[str, str]:
    said = setting.plain(wanted)
    return {name: "A number from 0 to 100, like 2.5." for name, value in said.items() if not 0 <= value <= 100}


def save(wanted: Targets, version: int, by: Actor) -> None:
    setting.save(NAME, wanted, version, by)
