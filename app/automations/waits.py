"""Waits that are due: everything is asked once more, and each is settled with what became of it.

A mail that nobody wants any more must not go out only because it was wanted two hours ago.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, text, update

from app.automations import answering, definition, hopes, reactions, schedule
from app.automations.answering import FIRED, Call
from app.automations.automation import Automation
from app.automations.behaviours import scanning
from app.automations.occasions import Unready
from app.automations.reactions import Reaction
from app.automations.trigger_wait import TriggerWait
from app.db import db
from app.events import matching
from app.segments.unavailable import Unavailable

KEPT = timedelta(days=90)
AGAIN = timedelta(minutes=1)
INACTIVE, ARCHIVED, CHANGED, LATE, HAPPENED = "inactive", "archived", "changed", "expired", "happened"
KINDS = {"event": "event", "entered": "enters_segment", "after": "after", "behaviour": reactions.BEHAVIOUR}
OUTCOMES = {
    FIRED: "It was sent.",
    answering.OUTSIDE: "They were not in its segment at that moment.",
    answering.TOO_OFTEN: "They had one not long before.",
    answering.FULFILLED: "They had done already what the mail before it hoped for.",
    HAPPENED: "Something else happened meanwhile, and then it is not sent.",
    INACTIVE: "The automation was not active any more.",
    ARCHIVED: "The automation went to the archive.",
    CHANGED: "The automation answers something else by now.",
    LATE: "Its time was over before it could be sent.",
}
# Whoever was merged meanwhile is somebody else by now, and was called for the same.
FOLLOW = (
    """
    INSERT INTO behaviour_claims (automation_id, customer_id, about, product_id, occasion, at)
    SELECT c.automation_id, a.customer_id, c.about, c.product_id, c.occasion, c.at
      FROM trigger_waits w
      JOIN customer_aliases a ON a.merged_id = w.customer_id
      JOIN behaviour_claims c ON c.automation_id = w.automation_id AND c.customer_id = w.customer_id
                             AND c.occasion = w.occasion
     WHERE w.id = ANY (CAST(:keys AS bigint[]))
     ORDER BY a.customer_id, c.about
    ON CONFLICT DO NOTHING
    """,
    """
    DELETE FROM behaviour_claims c USING trigger_waits w, customer_aliases a
     WHERE w.id = ANY (CAST(:keys AS bigint[])) AND a.merged_id = w.customer_id
       AND c.automation_id = w.automation_id AND c.customer_id = w.customer_id AND c.occasion = w.occasion
    """,
    """
    UPDATE trigger_waits w SET customer_id = a.customer_id FROM customer_aliases a
     WHERE w.id = ANY (CAST(:keys AS bigint[])) AND a.merged_id = w.customer_id
       AND NOT EXISTS (SELECT FROM trigger_waits o
                        WHERE o.automation_id = w.automation_id AND o.customer_id = a.customer_id
                          AND (o.occasion = w.occasion
                               OR (o.is_alone AND w.is_alone AND o.outcome IS NULL AND w.outcome IS NULL)))
    """,
)


def settle(keys: Sequence[int], now: datetime) -> None:
    """Never commits."""
    for statement in FOLLOW:
        db.session.execute(text(statement), {"keys": list(keys)})
    held = select(TriggerWait).where(TriggerWait.id.in_(keys)).order_by(TriggerWait.automation_id, TriggerWait.id)
    for automation_id, waits in groupby(db.session.scalars(held).all(), lambda one: one.automation_id):
        _settle(db.session.get_one(Automation, automation_id), list(waits), now)
    db.session.flush()


def cancel(automation: Automation, outcome: str, now: datetime) -> None:
    """Nobody waits for it any more; whoever has one of them in hand loses it by the fencing number."""
    open_ = TriggerWait.automation_id == automation.id, TriggerWait.outcome.is_(None)
    settled = {"outcome": outcome, "settled_at": now, "waiting_since": None, "fence": TriggerWait.fence + 1}
    db.session.execute(update(TriggerWait).where(*open_).values(settled).execution_options(synchronize_session=False))


def forget_old(now: datetime) -> None:
    db.session.execute(delete(TriggerWait).where(TriggerWait.settled_at < now - KEPT))


def waiting(automation: Automation) -> int:
    open_ = TriggerWait.automation_id == automation.id, TriggerWait.outcome.is_(None)
    return db.session.scalar(select(func.count()).where(*open_)) or 0


def of_customer(customer_id: int, most: int) -> list[tuple[TriggerWait, Automation]]:
    """The latest first."""
    mine = select(TriggerWait, Automation).join(Automation, Automation.id == TriggerWait.automation_id)
    wanted = mine.where(TriggerWait.customer_id == customer_id).order_by(TriggerWait.id.desc()).limit(most)
    return [(row[0], row[1]) for row in db.session.execute(wanted)]


def _settle(automation: Automation, waits: list[TriggerWait], now: datetime) -> None:
    if not automation.is_active:
        gone = {one.id for one in waits if automation.archived_at or not one.occasion.endswith(scanning.ASKED)}
        waits = _left(waits, gone, ARCHIVED if automation.archived_at else INACTIVE, now)
    if not waits:
        return
    if not reactions.kind_of(automation.trigger):
        _end(waits, CHANGED, now)
        return
    reaction = reactions.read(automation.trigger, ZoneInfo(definition.zone_of(automation)))
    waits = _left(waits, _of_another(waits, reaction), CHANGED, now)
    waits = _left(waits, {one.id for one in waits if now - one.due_at > schedule.late(automation)}, LATE, now)
    waits = _left(waits, _answered_meanwhile(automation, reaction, waits, now), HAPPENED, now)
    waits = _left(waits, _fulfilled(reaction, waits), answering.FULFILLED, now)
    if waits:
        _fire(automation, reaction, waits, now)


def _fire(automation: Automation, reaction: Reaction, waits: list[TriggerWait], now: datetime) -> None:
    """What it needs may be there again in a minute."""
    calls = [Call(one.customer_id, one.occasion, one.happened_at, one.facts) for one in waits]
    try:
        with db.session.begin_nested():
            found = answering.fire(automation, reaction, calls, now)
    except (Unavailable, Unready) as why:
        answering.could_not(automation, why)
        for one in waits:
            one.not_before, one.error = now + AGAIN, str(why)[:300]
        return
    for one in waits:
        one.outcome, one.settled_at = found[one.customer_id, one.occasion], now


def _of_another(waits: Iterable[TriggerWait], reaction: Reaction) -> set[int]:
    """The kind of an occasion is its first word; and the name of its event must still be the one that is meant."""
    return {one.id for one in waits if not _is_still_meant(one, reaction)}


def _is_still_meant(one: TriggerWait, reaction: Reaction) -> bool:
    facts, kind = one.facts or {}, KINDS[one.occasion.partition("-")[0]]
    if kind == reactions.BEHAVIOUR:
        return kind == reaction.kind and facts.get("behaviour") == reaction.behaviour
    told = facts.get("event", {}).get("name")
    return kind == reaction.kind and (reaction.to is None or reaction.to.name == told)


def _answered_meanwhile(
    automation: Automation, reaction: Reaction, waits: Sequence[TriggerWait], now: datetime
) -> set[int]:
    if reaction.unless is None:
        return set()
    zone = ZoneInfo(definition.zone_of(automation))
    asked = [(one.id, one.customer_id, one.happened_at) for one in waits]
    return matching.since(asked, reaction.unless.name, reaction.unless.where, now, zone)


def _fulfilled(reaction: Reaction, waits: Sequence[TriggerWait]) -> set[int]:
    fulfilled = hopes.fulfilled(reaction, (one.occasion for one in waits))
    return {one.id for one in waits if one.occasion in fulfilled}


def _left(waits: list[TriggerWait], gone: set[int], outcome: str, now: datetime) -> list[TriggerWait]:
    _end([one for one in waits if one.id in gone], outcome, now)
    return [one for one in waits if one.id not in gone]


def _end(waits: Iterable[TriggerWait], outcome: str, now: datetime) -> None:
    for one in waits:
        one.outcome, one.settled_at = outcome, now
