"""An automation in words, and what stands beside its form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from app import running, wording
from app.automations import cron, definition, goals, limits, occasions, reactions, readiness, triggers
from app.automations.automation import Automation
from app.blueprints.automations import (
    goal,
    sent,
    sent_behaviour,
    sent_trigger,
    shown_behaviour,
    shown_trigger,
    variants,
)
from app.catalogue import discounts
from app.catalogue.discount import DiscountPool
from app.content import versions, writing
from app.content.directory import choices as templates
from app.content.template import MessageTemplate, TemplateVersion
from app.segments import directory as segments
from app.segments import keeping
from app.segments.segment import Segment
from app.settings import conversions, senders, team, topics
from app.tracking import money
from app.tracking.money import Earned

NEXT = 3
Choice = tuple[str, str, str]  # key, name, what is said beside it


@dataclass(frozen=True)
class Said:
    """What it does, found together for its page."""

    segment: Segment | None
    template: MessageTemplate | None
    version: TemplateVersion | None
    topic: str
    when: str
    zone: str
    next: list[datetime]
    sender: str
    reply_to: str | None
    pool: DiscountPool | None
    codes: str
    limits: list[str]
    goal: str
    earned: Earned
    rule: str


def of(automation: Automation, now: datetime) -> Said:
    template = writing.find(automation.template_id) if automation.template_id else None
    topic = topics.called(automation.topic) if automation.topic else None
    pool = discounts.find(automation.discount_pool_id) if automation.discount_pool_id else None
    zone, rule = definition.zone_of(automation), conversions.read().rule
    return Said(
        segment=keeping.find(automation.segment_id) if automation.segment_id else None,
        template=template,
        version=versions.published(template) if template else None,
        topic=topic.name if topic else automation.topic or "",
        when=shown_behaviour.said(automation.trigger, zone) or when(automation),
        zone=zone,
        next=[] if "behaviour" in automation.trigger else triggers.next_times(automation.trigger, zone, now, NEXT),
        sender=readiness.sender_of(automation),
        reply_to=occasions.reply_to_of(automation),
        pool=pool,
        codes=discounts.left_said(pool) if pool else "",
        limits=limits.said(automation.limits),
        goal=goals.sentence(automation.goal, ZoneInfo(zone)),
        earned=money.of_automation(automation.id, rule),
        rule=rule,
    )


def when(automation: Automation) -> str:
    """In words, without its zone."""
    kind = triggers.kind_of(automation.trigger)
    said = automation.trigger.get(kind)
    if kind == sent_behaviour.BEHAVIOUR:
        return shown_behaviour.words(automation.trigger)
    if kind in reactions.KINDS:
        return shown_trigger.words(automation)
    if kind == triggers.LAUNCH:
        return "Whenever a product is launched"
    if kind == "cron":
        return cron.words(cron.read(str(said)))
    if said == triggers.NOW:
        return "Once, as soon as it is activated"
    at = triggers.moment_of(said, definition.zone_of(automation))
    return f"Once, on {at.day} {at:%b %Y} at {at:%H:%M}" if at else "Once"


def beside(typed: Mapping[str, Any], held: Automation | None) -> dict[str, Any]:
    """The choices of the form; what is chosen already stays among them, archived or not."""
    segment_id, sized = typed.get("segment_id", ""), [_sized(*one) for one in segments.sized()]
    default = next((one for one in senders.everyone() if one.is_default), None)
    return {
        "segments": _with(sized, keeping.find, segment_id),
        "goal_segments": _with(sized, keeping.find, typed.get("goal_segment_id", "")),
        "goal_units": sent_trigger.UNITS,
        "goal_said": goals.sentence(goal.meant(typed, held), team.zone()),
        "kept_goal": held.goal if held and goal.held(held.goal).get("goal_kind") == goal.KEPT else None,
        "templates": _templates([typed.get("template_id", ""), *variants.templates(typed)]),
        "topics": _topics(typed.get("topic", "")),
        "senders": [(str(one.id), f"{one.name} <{one.email}>") for one in senders.everyone()],
        "pools": discounts.choices(),
        "default_sender": f"{default.name} <{default.email}>" if default else running.config().mail_from,
        "zone_choices": _zones(typed.get("timezone", "")),
        "team_zone": team.zone().key,
        "limits_said": _limits(typed),
    }


def _limits(typed: Mapping[str, Any]) -> str:
    """Of what was typed, in one sentence; of what cannot be read, nothing."""
    wanted = sent.limits({name: typed.get(name) or "" for name in sent.LIMITS})
    found = [] if limits.problems(wanted) else limits.said(wanted)
    late = typed.get("late_hours") or limits.HOURS
    return "; ".join([*found, f"a late run starts up to {late} hours after its time"]).capitalize()


def _templates(chosen: Iterable[str]) -> list[Choice]:
    found = [_published(*one) for one in templates()]
    for one in chosen:
        found = _with(found, writing.find, one)
    return found


def _topics(chosen: str) -> list[tuple[str, str]]:
    found = [(one.slug, one.name) for one in topics.in_use()]
    held = topics.called(chosen) if chosen and chosen not in dict(found) else None
    return found + ([(held.slug, f"{held.name} (archived)")] if held else [])


def _zones(chosen: str) -> list[Choice]:
    """Other systems may name one that is not in our menu."""
    found = team.zones()
    return [(zone, zone, "") for zone in ([] if not chosen or chosen in found else [chosen]) + list(found)]


def _with(choices: list[Choice], find: Any, chosen: str) -> list[Choice]:
    if chosen.isascii() and chosen.isdecimal() and all(key != chosen for key, *_ in choices):
        one = find(int(chosen))
        return choices + ([(chosen, one.name, "archived")] if one else [])
    return choices


def _sized(key: int, name: str, size: int | None) -> Choice:
    return str(key), name, "not counted yet" if size is None else wording.said(size, "customer")


def _published(key: int, name: str, number: int | None) -> Choice:
    return str(key), name, f"version {number}" if number else "not published yet"
