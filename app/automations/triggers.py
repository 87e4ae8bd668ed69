"""When an automation acts: by the clock (a cron expression, or once), or in answer to what people do.

What is kept by the clock knows its next time; everything else has none, and waits for what it answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from app.automations import cron, reactions
from app.automations.behaviours import settings
from app.problem import Problem

NOW = "now"
YEARS = range(2000, 2200)  # each of their moments can be told in every zone
BEHAVIOUR = "behaviour"
LATER = ("launch",)
UNKNOWN = (
    "Say when: by a cron expression, once, by an event, by joining the segment, after another automation,"
    " or by what people do in the shop."
)


def kind_of(trigger: Mapping[str, Any]) -> str:
    return reactions.kind_of(trigger) or (BEHAVIOUR if BEHAVIOUR in trigger else next(iter(trigger), ""))


def needs_segment(trigger: Mapping[str, Any]) -> bool:
    """Whoever does something, or got another mail, is meant by that alone."""
    return kind_of(trigger) not in ("event", "after", BEHAVIOUR)


def is_by_clock(trigger: Mapping[str, Any]) -> bool:
    return kind_of(trigger) in KINDS


def problems(trigger: Mapping[str, Any], zone: str, now: datetime) -> list[Problem]:
    kind = kind_of(trigger)
    if kind in reactions.KINDS:
        return _of_reaction(trigger, zone)
    if kind == BEHAVIOUR:
        return _of_behaviour(trigger)
    if len(trigger) == 1 and kind in LATER:
        return [Problem(f"trigger.{kind}", f"To start by “{kind}” comes later. {UNKNOWN}")]
    if len(trigger) != 1 or kind not in KINDS:
        return [Problem("trigger", UNKNOWN)]
    said = KINDS[kind][0](trigger[kind], zone, now)
    return [Problem(f"trigger.{kind}", said)] if said else []


def is_at_once(trigger: Mapping[str, Any]) -> bool:
    return trigger.get("once") == NOW


def next_time(trigger: Mapping[str, Any], zone: str, after: datetime) -> datetime | None:
    """Strictly later than `after`; none if it will not come again."""
    kind = kind_of(trigger)
    return KINDS[kind][1](trigger[kind], ZoneInfo(zone), after) if kind in KINDS else None


def is_without_offset(said: str) -> bool:
    """A time of a clock on some wall; False for what is no time at all."""
    try:
        return datetime.fromisoformat(said).tzinfo is None
    except ValueError:
        return False


def moment_of(said: Any, zone: str) -> datetime | None:
    """When “once” is, on the clock of that zone."""
    moment = _moment(said, ZoneInfo(zone))
    return moment.astimezone(ZoneInfo(zone)) if moment else None


def next_times(trigger: Mapping[str, Any], zone: str, after: datetime, most: int) -> list[datetime]:
    found: list[datetime] = []
    while len(found) < most and (moment := next_time(trigger, zone, found[-1] if found else after)):
        found.append(moment)
    return found


def first_time(trigger: Mapping[str, Any], zone: str, now: datetime) -> datetime | None:
    """Of one that is activated at this moment."""
    if is_at_once(trigger):
        return now
    return next_time(trigger, zone, now)


def _of_reaction(trigger: Mapping[str, Any], zone: str) -> list[Problem]:
    try:
        reactions.read(trigger, ZoneInfo(zone))
    except reactions.Wrong as wrong:
        return [Problem(f"trigger.{wrong.path}", str(wrong))]
    return []


def _of_behaviour(trigger: Mapping[str, Any]) -> list[Problem]:
    try:
        settings.read(trigger)
    except settings.Wrong as wrong:
        return [Problem(f"trigger.{wrong.path}", str(wrong))]
    return []


def _cron_problem(said: Any, _zone: str, _now: datetime) -> str:
    if not isinstance(said, str):
        return "It must be a text of five fields, like 0 10 * * *."
    try:
        cron.read(said)
    except ValueError as error:
        return str(error)
    return ""


def _next_by_cron(said: Any, zone: ZoneInfo, after: datetime) -> datetime | None:
    return cron.next_after(cron.read(said), after, zone)


def _once_problem(said: Any, zone: str, _now: datetime) -> str:
    if said == NOW or _moment(said, ZoneInfo(zone) if zone else ZoneInfo("UTC")) is not None:
        return ""
    return "It must be “now”, or a time like 2026-12-01T10:00:00+01:00."


def _next_of_once(said: Any, zone: ZoneInfo, after: datetime) -> datetime | None:
    moment = _moment(said, zone)
    return moment if moment is not None and moment > after else None


def _moment(said: Any, zone: ZoneInfo) -> datetime | None:
    """Without an offset it is a time of the automation's zone."""
    try:
        found = datetime.fromisoformat(said)
        moment = (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment if moment.year in YEARS else None


KINDS = {
    "cron": (_cron_problem, _next_by_cron),
    "once": (_once_problem, _next_of_once),
}
