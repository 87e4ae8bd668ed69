"""A mail after a mail: whoever got that of another automation, so long ago, and did not do what was hoped for.

It knows what that mail knew. Each automation remembers until when it has looked; the mark moves in the transaction
in which its answers are there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from app.automations import answering, definition, hopes, reactions
from app.automations.answering import Call
from app.automations.automation import Automation
from app.automations.reactions import Reaction
from app.db import db
from app.deliveries import about
from app.deliveries.run import Run

SLACK = timedelta(seconds=30)  # until every acceptance of a moment is committed, whoever's clock it was
MOST_DEEP = 20
# Runs that were sending in that time; of a large one all rows are read, but only while it is on its way.
ACCEPTED = text(
    """
    SELECT d.id, d.customer_id, d.accepted_at, d.facts, r.id AS run_id
      FROM runs r JOIN deliveries d ON d.run_id = r.id
     WHERE r.automation_id = :automation AND r.started_at <= :until
       AND (r.finished_at IS NULL OR r.finished_at > CAST(:since AS timestamptz) - interval '1 hour')
       AND d.accepted_at > :since AND d.accepted_at <= :until AND d.state IN ('accepted', 'delivered')
     ORDER BY d.accepted_at, d.id
    """
)


def follow(now: datetime) -> Iterator[None]:
    """Each automation in a transaction of its own."""
    for automation_id in db.session.scalars(_followers()).all():
        held = _followers().where(Automation.id == automation_id).with_for_update(skip_locked=True)
        if db.session.scalar(held) is not None:
            _follow(db.session.get_one(Automation, automation_id, populate_existing=True), now)
        yield


def begin(automation: Automation, now: datetime) -> None:
    """Whose time is still to come is meant, too: who got that mail yesterday gets this one in two days."""
    automation.looked_until = now - reactions.read(automation.trigger, ZoneInfo("UTC")).delay


def chain(automation: Automation) -> list[Automation]:
    """From the first of them down to this one."""
    found, seen = [automation], {automation.id}
    while (before := _before(found[0].trigger)) is not None and before.id not in seen and len(found) < MOST_DEEP:
        found.insert(0, before)
        seen.add(before.id)
    return found


def followers(automation: Automation) -> list[Automation]:
    named = Automation.trigger["after"]["automation"].as_integer() == automation.id
    rest = select(Automation).where(Automation.trigger.has_key("after"), named, Automation.archived_at.is_(None))
    return list(db.session.scalars(rest.order_by(Automation.id)))


def is_circle(automation_id: int, trigger: Mapping[str, Any]) -> bool:
    """Two who close one at the same time wait for each other here."""
    if "after" not in trigger:
        return False
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtext('automations.after'))"))
    before, steps = _before(trigger), 0
    while before is not None and steps < MOST_DEEP:
        if before.id == automation_id:
            return True
        before, steps = _before(before.trigger), steps + 1
    return before is not None


def _follow(automation: Automation, now: datetime) -> None:
    reaction = reactions.read(automation.trigger, ZoneInfo(definition.zone_of(automation)))
    since, until = automation.looked_until or now, now - max(reaction.delay, SLACK)
    if until <= since:
        return
    said = {"automation": reaction.automation_id, "since": since, "until": until}
    rows = db.session.execute(ACCEPTED, said).all()
    told = {run_id: about.of(db.session.get_one(Run, run_id)) for run_id in {row.run_id for row in rows}}
    calls = [
        Call(row.customer_id, f"after-{row.id}", row.accepted_at, {**told[row.run_id], **(row.facts or {})} or None)
        for row in rows
    ]
    for first in range(0, len(calls), 500):
        _go_on(automation, reaction, calls[first : first + 500], now)
    automation.looked_until = until
    db.session.flush()


def _go_on(automation: Automation, reaction: Reaction, calls: Sequence[Call], now: datetime) -> None:
    fulfilled = hopes.fulfilled(reaction, (one.occasion for one in calls))
    answering.let_go(automation, [one for one in calls if one.occasion in fulfilled], answering.FULFILLED, now)
    if rest := [one for one in calls if one.occasion not in fulfilled]:
        answering.answer_now(automation, reaction, rest, now)


def _before(trigger: Mapping[str, Any]) -> Automation | None:
    said = trigger.get("after")
    key = said.get("automation") if isinstance(said, dict) else None
    return db.session.get(Automation, key) if isinstance(key, int) and key < 2**63 else None


def _followers() -> Any:
    return (
        select(Automation.id).where(Automation.is_active, Automation.trigger.has_key("after")).order_by(Automation.id)
    )
