"""What an automation answers: an event, somebody who joins its segment, a mail of another automation, or a look at what
people do in the shop.

`{"event": name, "where": […], "delay": "2h", "at_most_every": "1d", "unless": {"event": …}}`,
`{"enters_segment": true}`, `{"after": {"automation": id, "delay": "3d", "if": "not_clicked"}}`;
`{"behaviour": "browse", "when": "at_once", …}`: see `behaviours.settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app import operators, spans
from app.automations.behaviours import settings
from app.events import conditions
from app.events.conditions import Condition

FUNNEL = "funnel"  # the name that a funnel move goes by
NOT = ("not_opened", "not_clicked", "not_converted")
LONGEST = timedelta(days=365)
KINDS = ("event", "enters_segment", "after")
BEHAVIOUR = "behaviour"
OPTIONS = {
    "event": ("where", "delay", "at_most_every", "unless"),
    "enters_segment": ("delay", "at_most_every"),
    "after": (),
}
AT_ONCE = timedelta(0)


class Wrong(ValueError):
    """`path` leads to what is wrong within the trigger."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True)
class Happening:
    """An event by its name and what it must be like; a funnel move is one with its funnel and its stages."""

    name: str
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Reaction:
    """`unless`: happens to the person between the event and the moment when the delay is over."""

    kind: str
    to: Happening | None = None
    delay: timedelta = AT_ONCE
    at_most_every: timedelta | None = None
    unless: Happening | None = None
    automation_id: int = 0
    without: str = ""  # what must not have come of the earlier mail
    behaviour: str = ""  # which of them


def kind_of(trigger: Mapping[str, Any]) -> str:
    return next((kind for kind in (*KINDS, BEHAVIOUR) if kind in trigger), "")


def read(trigger: Mapping[str, Any], zone: ZoneInfo) -> Reaction:
    """Raises Wrong."""
    kind = kind_of(trigger)
    if kind == BEHAVIOUR:
        return _behaviour(trigger)
    if unknown := trigger.keys() - {kind, *OPTIONS[kind]}:
        raise Wrong(f"{min(map(str, unknown))[:60]}", "This word is not known here.")
    if kind == "after":
        return _after(trigger["after"])
    if kind == "enters_segment" and trigger[kind] is not True:
        raise Wrong(kind, "It is true, or it is not there.")
    return Reaction(
        kind,
        to=_happening({name: trigger[name] for name in ("event", "where") if name in trigger}, "", zone)
        if kind == "event"
        else None,
        delay=_duration(trigger, "delay") or AT_ONCE,
        at_most_every=_duration(trigger, "at_most_every"),
        unless=_happening(trigger["unless"], "unless.", zone) if trigger.get("unless") is not None else None,
    )


def _behaviour(trigger: Mapping[str, Any]) -> Reaction:
    try:
        found = settings.read(trigger)
    except settings.Wrong as wrong:
        raise Wrong(wrong.path, str(wrong)) from None
    return Reaction(BEHAVIOUR, at_most_every=found.turn, behaviour=found.kind)


def _after(said: Any) -> Reaction:
    if not isinstance(said, dict):
        raise Wrong("after", "It looks like {automation, delay, if}.")
    if unknown := said.keys() - {"automation", "delay", "if"}:
        raise Wrong(f"after.{min(map(str, unknown))[:60]}", "This word is not known here.")
    key, without = said.get("automation"), said.get("if")
    if isinstance(key, bool) or not isinstance(key, int) or not 0 < key < 2**63:
        raise Wrong("after.automation", "Say after which automation: its id.")
    if without is not None and without not in NOT:
        raise Wrong("after.if", f"It must be one of: {', '.join(NOT)}.")
    try:
        delay = _duration(said, "delay")
    except Wrong as wrong:
        raise Wrong("after.delay", str(wrong)) from None
    if delay is None:
        raise Wrong("after.delay", "Say how long after it, like 3d.")
    return Reaction("after", delay=delay, automation_id=key, without=without or "")


def _happening(said: Any, path: str, zone: ZoneInfo) -> Happening:
    if not isinstance(said, dict) or "event" not in said:
        raise Wrong(path.rstrip("."), "It looks like {event, where}.")
    if unknown := said.keys() - {"event", "where"}:
        raise Wrong(f"{path}{min(map(str, unknown))[:60]}", "This word is not known here.")
    try:
        operators.text(said["event"], conditions.LONGEST_NAME)
    except ValueError as error:
        raise Wrong(f"{path}event", str(error)) from None
    try:
        return Happening(str(said["event"]), tuple(conditions.read(said.get("where") or [], zone)))
    except conditions.Wrong as wrong:
        raise Wrong(f"{path}where{wrong.path}", str(wrong)) from None


def _duration(said: Mapping[str, Any], name: str) -> timedelta | None:
    """None where nothing is said."""
    if said.get(name) is None:
        return None
    try:
        length = spans.duration(said[name]).length
    except ValueError as error:
        raise Wrong(name, str(error)) from None
    if length > LONGEST:
        raise Wrong(name, "At most a year.")
    return length
