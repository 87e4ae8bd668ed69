"""What the whole team shares: the zone that its days begin in."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from app.audit import Actor
from app.settings import setting

NAME = "team"


class Team(msgspec.Struct, frozen=True, kw_only=True):
    timezone: str = "UTC"


def read() -> tuple[Team, int]:
    return setting.versioned(NAME, Team)


def zone() -> ZoneInfo:
    return ZoneInfo(setting.read(NAME, Team).timezone)


@cache
def zones() -> tuple[str, ...]:
    """Places, without the aliases that nobody picks on purpose."""
    places = (
        z for z in available_timezones() if "/" in z and not z.startswith(("Etc/", "posix/", "right/", "SystemV/"))
    )
    return ("UTC", *sorted(places))


def problems(team: Team) -> dict[str, str]:
    return {} if team.timezone in zones() else {"timezone": f"“{team.timezone[:60]}” is no time zone that we know."}


def save(team: Team, version: int, by: Actor) -> None:
    setting.save(NAME, team, version, by)
