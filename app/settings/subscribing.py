"""What a new customer is subscribed to before they said a word: everything, or nothing."""

from __future__ import annotations

import msgspec

from app.audit import Actor
from app.settings import setting

NAME = "subscribing"


class Subscribing(msgspec.Struct, frozen=True, kw_only=True):
    asks_first: bool = False


def read() -> Subscribing:
    return setting.read(NAME, Subscribing)


def versioned() -> tuple[Subscribing, int]:
    return setting.versioned(NAME, Subscribing)


def save(subscribing: Subscribing, version: int, by: Actor) -> None:
    setting.save(NAME, subscribing, version, by)
