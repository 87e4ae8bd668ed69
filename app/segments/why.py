"""Why somebody is in a segment of rules, or is not: each condition with their own value, and a tick or a cross."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from app.db import db
from app.segments import audience, compiling, rules, sets
from app.segments.conditions import MEANINGS
from app.segments.frame import Frame
from app.segments.rules import Condition, Known, Rule
from app.segments.segment import Segment
from app.segments.words import Words


@dataclass(frozen=True)
class Reason:
    """A group's `how` is all, any or none; a condition has words and the value that was found."""

    holds: bool
    how: str = ""
    words: Words | None = None
    value: str = ""
    reasons: tuple[Reason, ...] = ()


def of(segment: Segment, customer_id: int, now: datetime) -> Reason:
    """Raises Unavailable, or Refused where the rules are no longer understood."""
    frame = audience.frame_of(now, segment.id)
    return _reason(rules.read(segment.rules, Known(frame.zone, frame.types)), frame, customer_id)


def is_in(found: audience.Audience, customer_id: int, seconds: float = audience.SECONDS) -> bool:
    with audience.hurried(seconds):
        asked = text(f"SELECT EXISTS (SELECT FROM (\n{found.sql}\n) audience WHERE customer_id = :asked_for)")
        return bool(db.session.scalar(asked, {**found.said, "asked_for": customer_id}))


def _reason(rule: Rule, frame: Frame, customer_id: int) -> Reason:
    if isinstance(rule, Condition):
        meaning = MEANINGS[rule.kind.name]
        holds = _holds(rule, frame, customer_id)
        return Reason(holds, words=meaning.words(rule.said), value=meaning.told(rule.said, frame, customer_id))
    inner = tuple(_reason(one, frame, customer_id) for one in rule.rules)
    held = [one.holds for one in inner]
    holds = {"all": all(held), "any": any(held), "none": not any(held)}[rule.how]
    return Reason(holds, rule.how, reasons=inner)


def _holds(condition: Condition, frame: Frame, customer_id: int) -> bool:
    part = compiling.part(condition, frame)
    return is_in(audience.Audience(sets.selected(part), frame.said), customer_id)
