"""What somebody wants an automation to be: read and checked before it is kept, and again before it may act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from app import problem
from app.automations import goals, limits, meant, triggers, variants
from app.automations.automation import Automation
from app.catalogue import discounts
from app.consent.permission import PURPOSES
from app.content import writing
from app.db import db
from app.problem import Problem
from app.segments import keeping as segments
from app.settings import senders, team, topics
from app.settings.addresses import is_address

LONGEST_NAME = 200
LONGEST_DESCRIPTION = 2_000
PROMOTIONAL = "promotional"


@dataclass(frozen=True)
class Definition:
    """`timezone` and `sender_id`: none means the team's and the default one, as they are when it runs.

    `subject`: none means the template's. `variants`: several mails instead of one, each to an equal share.
    """

    name: str
    segment_id: int | None = None
    template_id: int | None = None
    subject: str | None = None
    variants: Sequence[Mapping[str, Any]] = ()
    description: str = ""
    purpose: str = PROMOTIONAL
    topic: str | None = PROMOTIONAL
    timezone: str | None = None
    sender_id: int | None = None
    reply_to: str | None = None
    discount_pool_id: int | None = None
    trigger: Mapping[str, Any] = field(default_factory=dict)
    goal: Mapping[str, Any] | None = None
    limits: Mapping[str, Any] = field(default_factory=dict)

    def kept(self) -> dict[str, Any]:
        """As a version holds it."""
        own = {one.name: getattr(self, one.name) for one in fields(self)}
        split = [dict(one) for one in self.variants]
        return own | {"trigger": dict(self.trigger), "limits": dict(self.limits), "variants": split}


def of(automation: Automation) -> Definition:
    return Definition(**{one.name: getattr(automation, one.name) for one in fields(Definition)})


def zone_of(automation: Automation) -> str:
    return automation.timezone or team.zone().key


def problems(wanted: Definition, now: datetime) -> list[Problem]:
    """Of its form: whether it can act is another question."""
    found = problem.of_text("name", wanted.name, LONGEST_NAME, is_needed=True)
    found += problem.of_text("description", wanted.description, LONGEST_DESCRIPTION)
    found += [Problem("segment_id", "There is no such segment.")] if _is_gone(segments, wanted.segment_id) else []
    found += [Problem("template_id", "There is no such template.")] if _is_gone(writing, wanted.template_id) else []
    found += [Problem("sender_id", "There is no such sender.")] if _is_gone(senders, wanted.sender_id) else []
    if _is_gone(discounts, wanted.discount_pool_id):
        found.append(Problem("discount_pool_id", "There is no such pool of codes."))
    zone = wanted.timezone or team.zone().key
    if zone not in available_timezones():
        found.append(Problem("timezone", f"There is no time zone “{zone[:60]}”."))
        zone = "UTC"
    if wanted.reply_to and not is_address(wanted.reply_to):
        found.append(Problem("reply_to", "This is no e-mail address."))
    found += variants.problems(wanted.template_id, wanted.subject, wanted.variants)
    return (
        found
        + _purpose(wanted)
        + limits.problems(wanted.limits, triggers.kind_of(wanted.trigger), wanted.purpose)
        + meant.problems(wanted.limits, wanted.segment_id, needs_segment=triggers.needs_segment(wanted.trigger))
        + _trigger(wanted.trigger, zone, now)
        + goals.problems(wanted.goal, ZoneInfo(zone))
    )


def _trigger(trigger: Mapping[str, Any], zone: str, now: datetime) -> list[Problem]:
    found = triggers.problems(trigger, zone, now)
    if not found and "after" in trigger and db.session.get(Automation, trigger["after"]["automation"]) is None:
        return [Problem("trigger.after.automation", "There is no such automation.")]
    return found


def _purpose(wanted: Definition) -> list[Problem]:
    if wanted.purpose not in PURPOSES:
        return [Problem("purpose", f"It must be one of: {', '.join(PURPOSES)}.")]
    if wanted.purpose == PROMOTIONAL and not wanted.topic:
        return [Problem("topic", "Promotional mail needs a topic: it is what people unsubscribe from.")]
    if wanted.topic and topics.called(wanted.topic) is None:
        return [Problem("topic", f"There is no topic “{wanted.topic[:60]}”.")]
    return []


def _is_gone(room: Any, key: int | None) -> bool:
    return key is not None and room.find(key) is None
