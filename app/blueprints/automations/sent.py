"""What the form of an automation sent: as it was typed, and as the room understands it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask import request

from app.automations import definition, triggers
from app.automations.automation import Automation
from app.automations.behaviours import settings as behaviours
from app.automations.definition import PROMOTIONAL, Definition
from app.blueprints import cron_builder, limit_fields
from app.blueprints.automations import canary, goal, sent_behaviour, sent_trigger, variants
from app.blueprints.merges import number
from app.blueprints.settings.saving import typed
from app.problem import Problem
from app.settings import team

WORDS = ("name", "description", "purpose", "topic", "timezone", "reply_to", "when", "cron", "day", "time")
LIMITS = (
    *limit_fields.WORDS,
    "local",
    "local_at",
    "throttle_per_minute",
    "late_hours",
    "holdout_percent",
    "recheck_segment",
)
IDS = ("segment_id", "template_id", "sender_id", "discount_pool_id")
EVERY_MORNING = "0 10 * * *"
BLANK = {
    **sent_trigger.BLANK,
    **sent_behaviour.BLANK,
    **limit_fields.BLANK,
    **goal.BLANK,
    "purpose": PROMOTIONAL,
    "topic": PROMOTIONAL,
    "when": "cron",
    "cron": EVERY_MORNING,
    "time": "10:00",
}
PLACES = {f"limits.{path}": name for path, name in (*limit_fields.PATHS.items(), ("local_time", "local_at"))}
PLACES |= goal.PLACES


def fields() -> dict[str, Any]:
    """As it was typed, to be shown again."""
    said = typed(*WORDS, *LIMITS, *canary.WORDS, *goal.WORDS, *IDS, *variants.NAMES)
    return said | sent_trigger.fields() | sent_behaviour.fields()


def wanted(now: datetime, before: Automation | None = None) -> tuple[Definition, list[Problem]]:
    """What was meant, and what of it cannot be read at all."""
    form = fields()
    trigger, faults = _trigger(form, now, before)
    found = Definition(
        name=form["name"],
        segment_id=id_of(form["segment_id"]),
        template_id=id_of(form["template_id"]),
        **variants.wanted(form),
        description=form["description"],
        purpose=form["purpose"],
        topic=None if form["purpose"] == "transactional" else form["topic"] or None,
        timezone=form["timezone"] or None,
        sender_id=id_of(form["sender_id"]),
        reply_to=form["reply_to"] or None,
        discount_pool_id=id_of(form["discount_pool_id"]),
        trigger=trigger,
        goal=goal.meant(form, before),
        limits=limits(form) | canary.limits(form),
    )
    return found, faults


def held(automation: Automation) -> dict[str, Any]:
    """What the form shows before anybody has typed."""
    own = definition.of(automation)
    words = {name: getattr(own, name) or "" for name in WORDS[:6]}
    words |= {name: str(getattr(own, name) or "") for name in IDS}
    return {
        **BLANK,
        **words,
        **_shown_limits(own.limits),
        **canary.held(own.limits),
        **goal.held(own.goal),
        **variants.held(own),
        **_shown(automation),
    }


def by_path(problems: list[Problem]) -> dict[str, str]:
    """The first of each field."""
    return limit_fields.placed(problems, PLACES)


def limits(form: Mapping[str, str]) -> dict[str, Any]:
    """What was left empty is no limit; what cannot be read is refused by its own check."""
    found = limit_fields.meant(form)
    if form["local"]:
        found["local_time"] = True if form["local"] == "yes" else form["local_at"][:5]
    if form["throttle_per_minute"]:
        found["throttle_per_minute"] = limit_fields.whole(form["throttle_per_minute"])
    if form["late_hours"]:
        found["late_hours"] = limit_fields.number(form["late_hours"])
    if form["holdout_percent"]:
        found["holdout_percent"] = limit_fields.number(form["holdout_percent"].replace(",", "."))
    if form["recheck_segment"]:
        found["recheck_segment"] = True
    return found


def _shown_limits(own: Mapping[str, Any]) -> dict[str, str]:
    local, late = own.get("local_time"), own.get("late_hours")
    return {
        **limit_fields.shown(own),
        "local": "yes" if local is True else "at" if local else "",
        "local_at": local if isinstance(local, str) else "",
        "throttle_per_minute": str(own.get("throttle_per_minute", "")),
        "late_hours": "" if late is None else f"{late:g}",
        "holdout_percent": f"{own['holdout_percent']:g}" if own.get("holdout_percent") else "",
        "recheck_segment": "yes" if own.get("recheck_segment") else "",
    }


def _shown(automation: Automation) -> dict[str, Any]:
    """Of the trigger; a moment on the clock of its zone."""
    kind = triggers.kind_of(automation.trigger)
    said = automation.trigger.get(kind)
    if kind == sent_behaviour.BEHAVIOUR:
        return sent_behaviour.shown(automation.trigger)
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
    if form["when"] in behaviours.KINDS:
        return sent_behaviour.trigger(form, now, before)
    return _by_clock(form, now)


def _by_clock(form: dict[str, Any], now: datetime) -> tuple[dict[str, Any], list[Problem]]:
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


def id_of(written: str) -> int | None:
    return number(written) if written else None
