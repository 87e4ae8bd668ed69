"""What people do is answered: which automations an event concerns, who of them is answered now, and who waits.

Facts come in sets of their work rows, which are gone in the transaction in which their answers are there. Whatever
cannot be settled at once becomes a wait: it holds up nobody else's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from app.automations import definition, meant, occasions, reactions, schedule
from app.automations.automation import Automation
from app.automations.occasions import Unready
from app.automations.reactions import Reaction
from app.automations.trigger_wait import TriggerWait
from app.db import db
from app.deliveries import adding, alarms
from app.deliveries.adding import Mail
from app.events import effects, matching
from app.events.matching import Match
from app.segments import audience, keeping, members
from app.segments.audience import Audience
from app.segments.segment import Segment
from app.segments.unavailable import Unavailable
from app.tracking import credit

FIRED, OUTSIDE, TOO_OFTEN, FULFILLED = "answered", "outside", "too_often", "fulfilled"
QUICK = ("rules", "manual")  # types of segments that can be asked while events wait
# In the order of people: two workers who answer the same ones wait for each other in one direction only.
TAKE_TURN = text(
    """
    INSERT INTO trigger_last (automation_id, customer_id, at)
    SELECT :automation, customer_id, :now FROM unnest(CAST(:customers AS bigint[])) AS said(customer_id)
     ORDER BY customer_id
    ON CONFLICT (automation_id, customer_id) DO UPDATE SET at = excluded.at
     WHERE trigger_last.at <= excluded.at - CAST(:every AS interval)
    RETURNING customer_id
    """
)


Key = tuple[int, str]


@dataclass(frozen=True)
class Call:
    """Something that asks for an answer: to whom it happened, what it was, and when."""

    customer_id: int
    occasion: str
    at: datetime
    facts: dict[str, Any] | None

    @property
    def key(self) -> Key:
        """Those who joined a segment at the same look share the occasion."""
        return self.customer_id, self.occasion


def take(keys: Sequence[int], now: datetime) -> None:
    """Never commits. What the facts of these work rows set off, and what is answered to them."""
    effects.take(keys, now)
    credit.again_after(keys)
    for automation in _listening(keys):
        zone = ZoneInfo(definition.zone_of(automation))
        reaction = reactions.read(automation.trigger, zone)
        if calls := _calls(keys, automation, reaction, now, zone):
            answer(automation, reaction, calls, now)


def answer(automation: Automation, reaction: Reaction, calls: Sequence[Call], now: datetime) -> None:
    """At once where nothing has to be waited for."""
    if reaction.delay or not _is_quick(automation):
        wait(automation, reaction, calls, now)
    else:
        answer_now(automation, reaction, calls, now)


def answer_now(automation: Automation, reaction: Reaction, calls: Sequence[Call], now: datetime) -> None:
    """What it needs may be there in a minute. They are due now, however long ago it was that they answer."""
    try:
        with db.session.begin_nested():
            fire(automation, reaction, calls, now)
    except (Unavailable, Unready) as why:
        could_not(automation, why)
        _keep(automation, reaction, calls, {one.occasion: now for one in calls}, now)


def wait(automation: Automation, reaction: Reaction, calls: Sequence[Call], now: datetime) -> None:
    """A clock that goes ahead delays nobody: what happens tomorrow happens now."""
    _keep(automation, reaction, calls, {one.occasion: min(one.at, now) + reaction.delay for one in calls}, now)


def _keep(
    automation: Automation, reaction: Reaction, calls: Sequence[Call], due: Mapping[str, datetime], now: datetime
) -> None:
    rows = [
        {
            "automation_id": automation.id,
            "customer_id": one.customer_id,
            "occasion": one.occasion,
            "happened_at": min(one.at, now),
            "due_at": due[one.occasion],
            "not_before": due[one.occasion],
            "is_alone": reaction.at_most_every is not None,
            "facts": one.facts,
        }
        for one in sorted(calls, key=lambda one: (one.customer_id, one.at))
    ]
    db.session.execute(insert(TriggerWait).values(rows).on_conflict_do_nothing())


def let_go(automation: Automation, calls: Sequence[Call], outcome: str, now: datetime) -> None:
    """They get nothing, and their page says why."""
    if not calls:
        return
    rows = [
        {
            "automation_id": automation.id,
            "customer_id": one.customer_id,
            "occasion": one.occasion,
            "happened_at": one.at,
            "due_at": now,
            "waiting_since": None,
            "outcome": outcome,
            "settled_at": now,
        }
        for one in calls
    ]
    db.session.execute(insert(TriggerWait).values(rows).on_conflict_do_nothing())


def fire(automation: Automation, reaction: Reaction, calls: Sequence[Call], now: datetime) -> dict[Key, str]:
    """What became of each. Raises Unavailable or Unready: then nothing has happened."""
    segment, found = _segment(automation, now)
    ids = {one.customer_id for one in calls}
    inside = members.within(found, sorted(ids)) if found else ids
    there = [one for one in calls if one.customer_id in inside]
    turn = _whose_turn(automation, reaction, there, now)
    became = {one.key: OUTSIDE for one in calls} | {one.key: TOO_OFTEN for one in there}
    if turn:
        run = occasions.of_the_day(automation, now)
        if segment and found:
            meant.keep(run, segment, found, now)
        adding.add(run, [Mail(one.customer_id, one.occasion, one.facts) for one in turn], now)
    return became | {one.key: FIRED for one in turn}


def _listening(keys: Sequence[int]) -> Sequence[Automation]:
    """In one order, for each of them holds its run until the commit."""
    names = matching.names_of(keys)
    called = select(Automation).where(Automation.is_active, Automation.trigger["event"].astext.in_(names))
    return db.session.scalars(called.order_by(Automation.id)).all()


def _calls(
    keys: Sequence[int], automation: Automation, reaction: Reaction, now: datetime, zone: ZoneInfo
) -> list[Call]:
    """What is told of long ago, by an import perhaps, is answered by nobody."""
    assert reaction.to is not None
    oldest = now - reaction.delay - schedule.late(automation)
    found = matching.of_work(keys, reaction.to.name, reaction.to.where, oldest, now, zone)
    if reaction.at_most_every is not None:
        found = list({one.customer_id: one for one in reversed(found)}.values())  # the first of each person
    return [_call(reaction.to.name, one) for one in found]


def _call(name: str, match: Match) -> Call:
    told = {"name": name, "occurred_at": match.at.isoformat(), "properties": match.properties}
    return Call(match.customer_id, f"event-{match.event_id}", match.at, {"event": told})


def _segment(automation: Automation, now: datetime) -> tuple[Segment, Audience] | tuple[None, None]:
    """With its people at this moment; without one, whoever it happens to is meant."""
    if automation.segment_id is None:
        return None, None
    segment = keeping.find(automation.segment_id)
    if segment is None:
        raise Unavailable("Its segment was deleted.")
    return segment, audience.of(segment, now)


def _whose_turn(automation: Automation, reaction: Reaction, calls: Sequence[Call], now: datetime) -> list[Call]:
    if reaction.at_most_every is None or not calls:
        return list(calls)
    first = {one.customer_id: one for one in reversed(calls)}
    said = {"automation": automation.id, "customers": list(first), "now": now, "every": reaction.at_most_every}
    return [first[customer_id] for customer_id in sorted(db.session.scalars(TAKE_TURN, said))]


def _is_quick(automation: Automation) -> bool:
    segment = keeping.find(automation.segment_id) if automation.segment_id else None
    return segment is None or segment.type in QUICK


def could_not(automation: Automation, why: Exception) -> None:
    alarms.could_not_run(automation.id, automation.name, str(why))
