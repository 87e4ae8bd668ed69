"""What the form of an automation sent: as it was typed, and as the room understands it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask import request

from app.automations import definition, triggers
from app.automations.automation import Automation
from app.automations.definition import PROMOTIONAL, Definition
from app.blueprints import cron_builder
from app.blueprints.automations import sent_trigger
from app.blueprints.merges import number
from app.blueprints.settings.saving import typed
from app.problem import Problem
from app.settings import team

WORDS = ("name", "description", "purpose", "topic", "timezone", "reply_to", "when", "cron", "day", "time", "late_hours")
IDS = ("segment_id", "template_id", "sender_id")
EVERY_MORNING = "0 10 * * *"
BLANK = {
    **sent_trigger.BLANK,
    "purpose": PROMOTIONAL,
    "topic": PROMOTIONAL,
    "when": "cron",
    "cron": EVERY_MORNING,
    "time": "10:00",
}


def fields() -> dict[str, Any]:
    """As it was typed, to be shown again."""
    return typed(*WORDS, *IDS) | sent_trigger.fields()


def wanted(now: datetime, before: Automation | None = None) -> tuple[Definition, list[Problem]]:
    """What was meant, and what of it cannot be read at all."""
    form = fields()
    trigger, faults = _trigger(form, now, before)
    limits, more = _limits(form["late_hours"])
    found = Definition(
        name=form["name"],
        segment_id=id_of(form["segment_id"]),
        template_id=id_of(form["template_id"]),
        description=form["description"],
        purpose=form["purpose"],
        topic=None if form["purpose"] == "transactional" else form["topic"] or None,
        timezone=form["timezone"] or None,
        sender_id=id_of(form["sender_id"]),
        reply_to=form["reply_to"] or None,
        trigger=trigger,
        limits=limits,
    )
    return found, faults + more


def held(automation: Automation) -> dict[str, Any]:
    """What the form shows before anybody has typed."""
    own = definition.of(automation)
    words = {name: getattr(own, name) or "" for name in WORDS[:6]}
    words |= {name: str(getattr(own, name) or "") for name in IDS}
    late = own.limits.get("late_hours")
    return {**BLANK, **words, "late_hours": "" if late is None else f"{late:g}", **_shown(automation)}


def by_path(problems: list[Problem]) -> dict[str, str]:
    """The first of each field."""
    found: dict[str, str] = {}
    for one in problems:
        found.setdefault(one.path, one.message)
    return found


def _shown(automation: Automation) -> dict[str, Any]:
    """Of the trigger; a moment on the clock of its zone."""
    kind = triggers.kind_of(automation.trigger)
    said = automation.trigger.get(kind)
    if kind not in triggers.KINDS:
        return sent_trigger.shown(automation.trigger)
    if kind == "cron":
        return {"when": "cron", "cron": str(said)}
    if said == triggers.NOW:
        return {"when": "now"}
    there = triggers.moment_of(said, definition.zone_of(automation))
    return {"when": "at", "day": f"{there:%Y-%m-%d}", "time": f"{there:%H:%M}"} if there else {}


def _trigger(form: dict[str, Any], now: datetime, before: Automation | None) -> tuple[dict[str, Any], list[Problem]]:
    if form["when"] in sent_trigger.KINDS:
        return sent_trigger.trigger(form, before)
    if form["when"] == "cron":
        built = cron_builder.sent(request.form, now)
        return {"cron": built.expression}, [Problem("cron", built.trouble)] if built.trouble else []
    if form["when"] == "now":
        return {"once": triggers.NOW}, []
    if form["when"] != "at":
        return {}, []
    zone = form["timezone"] if form["timezone"] in available_timezones() else team.zone().key
    try:
        shown = datetime.fromisoformat(f"{form['day']}T{form['time'][:5]}").replace(tzinfo=ZoneInfo(zone))
        moment = shown.astimezone(UTC).astimezone(ZoneInfo(zone))  # in the gap of a clock: right after it
    except (ValueError, OverflowError):
        return {"once": triggers.NOW}, [Problem("day", "Choose a day and a time, like 2026-12-01 and 10:00.")]
    return {"once": moment.isoformat()}, []


def _limits(late_hours: str) -> tuple[dict[str, Any], list[Problem]]:
    if not late_hours:
        return {}, []
    try:
        hours = float(late_hours)
    except ValueError:
        hours = -1.0
    return {"late_hours": int(hours) if hours.is_integer() else hours}, []


def id_of(written: str) -> int | None:
    return number(written) if written else None
