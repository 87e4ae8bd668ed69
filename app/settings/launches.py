"""Launches: which mail goes out, when and from whom; what counts as an interest; and which the catalogue begins."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from app.audit import Actor
from app.settings import limits, senders, setting, topics

NAME = "launches"
KINDS = ("new", "back", "drop")
MOST_VIEWS = 1_000
MOST_AN_HOUR = 10_000


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """`since`: when it was switched on; what the catalogue told before stays unsaid. No template: the default one."""

    since: datetime | None = None
    template_id: int | None = None


class Launches(msgspec.Struct, frozen=True, kw_only=True):
    """`template_id`: none is the starter. `at`: a time of the team's day; empty is at once.

    `views`, `in_cart`, `bought`: what shows an interest beside the attribute. `most_an_hour`: of the catalogue.
    """

    template_id: int | None = None
    at: str = ""
    sender_id: int | None = None
    topic: str = "promotional"
    views: int | None = None
    in_cart: bool = False
    bought: bool = False
    new: Switch = Switch()
    back: Switch = Switch()
    drop: Switch = Switch()
    drop_percent: int = 10
    most_an_hour: int = 20

    def switch(self, kind: str) -> Switch:
        found: Switch = getattr(self, kind)
        return found

    def next_time(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """None: at once."""
        if not self.at:
            return None
        local = now.astimezone(zone)
        today = datetime.combine(local.date(), time.fromisoformat(self.at), zone)
        return today if today > now else datetime.combine(local.date() + timedelta(days=1), today.time(), zone)


def read() -> Launches:
    return setting.read(NAME, Launches)


def versioned() -> tuple[Launches, int]:
    return setting.versioned(NAME, Launches)


def problems(wanted: Launches) -> dict[str, str]:
    found = {}
    if wanted.at and limits.time_problems(wanted.at, "at"):
        found["at"] = "It is a time of day, like 08:00, or empty."
    if wanted.sender_id is not None and senders.find(wanted.sender_id) is None:
        found["sender_id"] = "There is no such sender."
    if topics.called(wanted.topic) is None:
        found["topic"] = "Choose the topic that people unsubscribe from."
    if wanted.views is not None and not 1 <= wanted.views <= MOST_VIEWS:
        found["views"] = f"A whole number from 1 to {MOST_VIEWS:,}, or empty."
    if not 1 <= wanted.drop_percent <= 99:
        found["drop_percent"] = "A whole number of percent from 1 to 99."
    if not 1 <= wanted.most_an_hour <= MOST_AN_HOUR:
        found["most_an_hour"] = f"A whole number from 1 to {MOST_AN_HOUR:,}."
    return found


def save(wanted: Launches, version: int, by: Actor) -> None:
    setting.save(NAME, wanted, version, by)
