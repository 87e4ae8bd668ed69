"""What a mail carries so that its coming back is known, and what its links tell other programs of where they were."""

from __future__ import annotations

import re

import msgspec

from app.audit import Actor
from app.settings import setting

NAME = "tracking"
WORD = re.compile(r"[A-Za-z0-9_.-]{1,40}")


class Tracking(msgspec.Struct, frozen=True, kw_only=True):
    """`hidden`: a link that no person sees, so that whoever follows it is a machine."""

    opens: bool = True
    clicks: bool = True
    hidden: bool = True
    transactional: bool = False
    utm: bool = False
    utm_source: str = "newsletter"
    utm_medium: str = "email"


def read() -> Tracking:
    return setting.read(NAME, Tracking)


def versioned() -> tuple[Tracking, int]:
    return setting.versioned(NAME, Tracking)


def problems(tracking: Tracking) -> dict[str, str]:
    words = {"utm_source": tracking.utm_source, "utm_medium": tracking.utm_medium}
    said = "One word of at most 40 letters, digits, dots, dashes and underscores, like newsletter."
    return {name: said for name, word in words.items() if not WORD.fullmatch(word)}


def save(tracking: Tracking, version: int, by: Actor) -> None:
    setting.save(NAME, tracking, version, by)
