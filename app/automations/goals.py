"""What an automation is for: checked, said in a sentence, and watched where it is that somebody joins a segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from app import spans
from app.automations.automation import Automation
from app.db import db
from app.deliveries.run import Run
from app.problem import Problem
from app.segments import keeping as segments
from app.tracking import credit, goal
from app.tracking.goal import Goal, Wrong


def problems(said: Mapping[str, Any] | None, zone: ZoneInfo) -> list[Problem]:
    if said is None:
        return []
    try:
        wanted = goal.read(said, zone)
    except Wrong as wrong:
        return [wrong.problem]
    if wanted.segment_id is not None and segments.find(wanted.segment_id) is None:
        return [Problem("goal.segment", "There is no such segment.")]
    return []


def sentence(said: Mapping[str, Any] | None, zone: ZoneInfo) -> str:
    """As the end of “It is for”; nothing where it has none."""
    wanted = read(said, zone)
    if wanted is None:
        return ""
    within = spans.said(wanted.within)
    if wanted.segment_id is None:
        only = ", where it fits the conditions," if wanted.where else ""
        return f"“{wanted.event}”{only} within {within} after the mail"
    segment = segments.find(wanted.segment_id)
    return f"joining “{segment.name if segment else 'a segment that is gone'}” within {within} after the mail"


def read(said: Mapping[str, Any] | None, zone: ZoneInfo) -> Goal | None:
    """None, too, for what cannot be understood."""
    try:
        return goal.read(said, zone) if said is not None else None
    except Wrong:
        return None


def watched(now: datetime) -> set[int]:
    """Segments that somebody may still join because of a mail; those of active automations before the first mail."""
    utc = ZoneInfo("UTC")
    active = select(Automation.goal).where(Automation.is_active, Automation.goal.has_key("segment"))
    ahead = [read(one, utc) for one in db.session.scalars(active)]
    latest = func.max(func.coalesce(Run.finished_at, now))
    ran = select(Run.goal, latest).where(Run.goal.is_not(None), Run.goal.has_key("segment")).group_by(Run.goal)
    since = now - goal.LONGEST
    open_ = ran.where(or_(Run.finished_at.is_(None), Run.finished_at > since))
    behind = [(read(one, utc), last) for one, last in db.session.execute(open_)]
    found = [one for one in ahead if one] + [one for one, last in behind if one and last + one.within >= now]
    return {one.segment_id for one in found if one.segment_id is not None}


def joined(segment_id: int, customer_ids: Sequence[int], now: datetime) -> None:
    """Whoever was mailed to bring them there has reached it."""
    for first in range(0, len(customer_ids), 500):
        credit.joined(segment_id, customer_ids[first : first + 500], now)
