"""Whoever joins a segment that an automation waits for, or that it is for. Each is looked at once for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.automations import answering, definition, goals, reactions
from app.automations.answering import Call
from app.automations.automation import Automation
from app.db import db
from app.segments import keeping, members
from app.segments.unavailable import Unavailable


def look(now: datetime) -> Iterator[None]:
    """Each segment in a transaction of its own, with what is answered to those who joined."""
    waiting = _waiting()
    watched = waiting.keys() | goals.watched(now)
    members.forget(but=watched)
    yield
    for segment_id in sorted(watched):
        _look(segment_id, waiting.get(segment_id, []), now)
        yield


def _waiting() -> dict[int, list[Automation]]:
    """Who waits for somebody to join which segment."""
    answer = select(Automation).where(
        Automation.is_active, Automation.trigger.has_key("enters_segment"), Automation.segment_id.is_not(None)
    )
    found = db.session.scalars(answer.order_by(Automation.segment_id, Automation.id)).all()
    return {segment_id or 0: list(group) for segment_id, group in groupby(found, lambda one: one.segment_id)}


def _look(segment_id: int, automations: list[Automation], now: datetime) -> None:
    segment = keeping.find(segment_id)
    try:
        joined = members.look(segment, now) if segment is not None else []
    except Unavailable as why:
        for automation in automations:
            answering.could_not(automation, why)
        return
    goals.joined(segment_id, joined, now)
    calls = [Call(one, f"entered-{now:%Y%m%d%H%M%S}", now, None) for one in joined]
    for automation in automations:
        reaction = reactions.read(automation.trigger, ZoneInfo(definition.zone_of(automation)))
        take = answering.wait if reaction.delay else answering.answer_now  # who is in it was computed a moment ago
        for first in range(0, len(calls), 500):
            take(automation, reaction, calls[first : first + 500], now)
