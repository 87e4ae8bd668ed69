"""What a trigger would have done in the last thirty days: how often it was called, by whom, and who of them is meant.

The calls are laid out once as a table that lasts until the transaction ends; whoever asks rolls it back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from app.automations import definition, reactions
from app.automations.automation import Automation
from app.automations.reactions import Reaction
from app.db import db
from app.deliveries import filling, holdout
from app.deliveries.filling import Whom
from app.events import matching
from app.segments import audience, keeping
from app.segments.audience import Audience
from app.segments.preview import Budget
from app.segments.unavailable import Unavailable
from app.settings import team

DAYS = 30
SECONDS = 1.5  # somebody types and waits
LONGER = 10.0  # for a page that asks by itself
MOST_TIMES = 100_000  # of people who were there more than once; beyond it nobody counts how many mails are left
ANSWERED = """
    SELECT d.customer_id, d.accepted_at AS at FROM runs r JOIN deliveries d ON d.run_id = r.id
     WHERE r.automation_id = :automation AND d.accepted_at > :oldest AND d.state IN ('accepted', 'delivered')
"""
LAY = "CREATE TEMP TABLE called ON COMMIT DROP AS {calls}"
COUNT = text(
    """
    SELECT coalesce(sum(times), 0)::bigint AS times, count(DISTINCT customer_id) AS people,
           count(DISTINCT customer_id) FILTER (WHERE times > 1) AS several
      FROM (SELECT customer_id, (at AT TIME ZONE :zone)::date AS day, count(*) AS times FROM called GROUP BY 1, 2) days
    """
)
OFTEN = text(
    "SELECT array_agg(extract(epoch FROM at)::float8 ORDER BY at) FROM called GROUP BY customer_id HAVING count(*) > 1"
)
INSIDE = "SELECT a.customer_id FROM ({audience}) a WHERE a.customer_id IN (SELECT customer_id FROM called)"
CALLERS = "SELECT DISTINCT customer_id FROM called"


@dataclass(frozen=True)
class Rehearsal:
    """`several`: people who were there more than once on one day. None: it would have taken too long to say.

    `mails`: what is left of `times` where something happened meanwhile, or where there is at most one in a while.
    """

    times: int = 0
    people: int = 0
    several: int = 0
    meanwhile: int | None = 0
    mails: int | None = 0
    inside: int | None = None


def of(trigger: Mapping[str, Any], segment_id: int | None, zone: ZoneInfo, now: datetime) -> Rehearsal:
    """Of an event, or of another automation's mails. Raises reactions.Wrong, or Unavailable where it takes too long."""
    reaction, budget = reactions.read(trigger, zone), Budget(SECONDS)
    _lay(reaction, zone, now, budget)
    with audience.hurried(budget.most()):
        counted = db.session.execute(COUNT, {"zone": team.zone().key}).one()
    meanwhile = _if_in_time(lambda: _take_away(reaction, zone, now, budget))
    return Rehearsal(
        times=counted.times,
        people=counted.people,
        several=counted.several,
        meanwhile=meanwhile,
        mails=None if meanwhile is None else _if_in_time(lambda: _mails(reaction, counted.times - meanwhile, budget)),
        inside=_if_in_time(lambda: _inside(segment_id, now, budget)) if segment_id else None,
    )


def preflight(automation: Automation, now: datetime) -> dict[str | None, int]:
    """Whom it would have answered, and who of them may not be written to, by reason. Raises Unavailable."""
    zone = ZoneInfo(definition.zone_of(automation))
    reaction, budget = reactions.read(automation.trigger, zone), Budget(LONGER)
    _lay(reaction, zone, now, budget)
    _take_away(reaction, zone, now, budget)
    sql, said = _callers(automation.segment_id, now)
    held = holdout.of(automation.id, automation.limits, now)
    whom = Whom(sql, said)
    judged, more = filling.judged(whom, automation.purpose, automation.topic, now, is_once=False, held=held)
    with audience.hurried(budget.most(LONGER)):
        rows = db.session.execute(text(judged + filling.COUNTED), more)
        return {row.refusal: row.people for row in rows}


def can_be_counted(trigger: Mapping[str, Any]) -> bool:
    """Who joined a segment before anybody waited for it is known to nobody."""
    return reactions.kind_of(trigger) in ("event", "after")


def _lay(reaction: Reaction, zone: ZoneInfo, now: datetime, budget: Budget) -> None:
    oldest = now - timedelta(days=DAYS)
    if reaction.to is not None:
        calls, said = matching.lately(reaction.to.name, reaction.to.where, oldest, now, zone)
    else:
        calls, said = ANSWERED, {"automation": reaction.automation_id, "oldest": oldest}
    with audience.hurried(budget.most(LONGER)):
        db.session.execute(text("DROP TABLE IF EXISTS pg_temp.called"))
        db.session.execute(text(LAY.format(calls=calls)), said)
        db.session.execute(text("ANALYZE called"))


def _take_away(reaction: Reaction, zone: ZoneInfo, now: datetime, budget: Budget) -> int:
    """Where something else happened before the delay was over: how many."""
    if reaction.unless is None or not reaction.delay:
        return 0
    oldest = now - timedelta(days=DAYS)
    is_off, said = matching.meanwhile(reaction.unless.name, reaction.unless.where, reaction.delay, oldest, now, zone)
    with audience.hurried(budget.most(LONGER)):
        gone = text(f"WITH gone AS (DELETE FROM called WHERE {is_off} RETURNING 1) SELECT count(*) FROM gone")
        return db.session.scalar(gone, said) or 0


def _mails(reaction: Reaction, times: int, budget: Budget) -> int | None:
    if reaction.at_most_every is None:
        return times
    with audience.hurried(budget.most()):
        few = "SELECT coalesce(sum(times), 0) FROM (SELECT count(*) AS times FROM called GROUP BY customer_id) t"
        repeated = db.session.scalar(text(f"{few} WHERE times > 1")) or 0
        if repeated > MOST_TIMES:
            return None
        each = db.session.scalars(OFTEN).all()
    return times - int(repeated) + sum(_turns(seconds, reaction.at_most_every.total_seconds()) for seconds in each)


def _turns(moments: Sequence[float], every: float) -> int:
    """How many of these seconds are each at least so long after the last that was taken."""
    found, last = 0, -inf
    for moment in moments:
        if moment - last >= every:
            found, last = found + 1, moment
    return found


def _inside(segment_id: int, now: datetime, budget: Budget) -> int:
    sql, said = _callers(segment_id, now)
    with audience.hurried(budget.most()):
        return db.session.scalar(text(f"SELECT count(*) FROM ({sql}) inside"), said) or 0


def _callers(segment_id: int | None, now: datetime) -> tuple[str, Mapping[str, Any]]:
    if segment_id is None:
        return CALLERS, {}
    found = _audience(segment_id, now)
    return INSIDE.format(audience=found.sql), found.said


def _audience(segment_id: int, now: datetime) -> Audience:
    segment = keeping.find(segment_id)
    if segment is None:
        raise Unavailable("There is no such segment.")
    return audience.of(segment, now)


def _if_in_time(asked: Callable[[], int | None]) -> int | None:
    """What cannot be said is left out; the rest is still told."""
    try:
        return asked()
    except Unavailable:
        return None
