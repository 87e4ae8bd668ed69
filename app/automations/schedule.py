"""Which automations are due, and what becomes of a planned time that nobody kept.

Any number of schedulers may ask: the row is locked while it is looked at, and the key of the run decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from rq.timeouts import JobTimeoutException
from sqlalchemy import and_, or_, select

from app.audit import Actor, record
from app.automations import definition, occasions, triggers
from app.automations.automation import Automation
from app.automations.behaviours import scanning
from app.automations.behaviours.settings import AT_ONCE
from app.automations.occasions import Unready
from app.automations.reactions import BEHAVIOUR
from app.db import db
from app.deliveries import alarms
from app.deliveries.run import Run
from app.logs import log, place_of

LATE = timedelta(hours=6)
ON_TIME = timedelta(minutes=1)  # a scheduler comes round every few seconds: nothing is late before
UNFORESEEN = "It ended in an error that nobody foresaw. It is tried again and again; the log says more."
SCHEDULER = Actor("system", None, "Schedule")


def fire_due(now: datetime) -> Iterator[None]:
    """Each in a transaction of its own: one that fails is passed over until the next round, and holds nobody up."""
    failed: set[int] = set()
    while (automation := _next_due(now, failed)) is not None:
        key = automation.id
        try:
            with db.session.begin_nested():
                fire(automation, now)
        except JobTimeoutException:
            raise
        except Exception as error:  # whatever is wrong with one of them, the others have their time
            failed.add(key)
            log.error("automation could not fire", automation=key, **place_of(error))
            alarms.could_not_run(key, automation.name, UNFORESEEN)
        yield


def refresh(now: datetime) -> int:
    """The next times anew, after another zone of the team or a clock that was wrong; what is due already stays so."""
    is_planned = Automation.trigger["when"].astext.is_distinct_from(AT_ONCE)
    looks = and_(Automation.trigger.has_key(BEHAVIOUR), is_planned)
    by_clock = or_(looks, *(Automation.trigger.has_key(kind) for kind in triggers.KINDS))
    is_ahead = or_(Automation.next_at.is_(None), Automation.next_at > now)
    ahead = select(Automation).where(Automation.is_active, by_clock, is_ahead)
    found = db.session.scalars(ahead.with_for_update(skip_locked=True)).all()
    return sum(_moved(one, now) for one in found)


def _moved(automation: Automation, now: datetime) -> bool:
    try:
        with db.session.begin_nested():
            return _settled_anew(automation, now)
    except (LookupError, ValueError) as error:  # a zone that this machine does not know
        log.error("automation has no next time", automation=automation.id, **place_of(error))
        return False


def _settled_anew(automation: Automation, now: datetime) -> bool:
    before = automation.next_at
    automation.next_at = triggers.first_time(automation.trigger, definition.zone_of(automation), now)
    automation.is_active = automation.next_at is not None
    return automation.next_at != before


def fire(automation: Automation, now: datetime) -> Run | None:
    """Its planned time, at once or late; then the next one after now. Never a stack of missed ones."""
    planned = automation.next_at
    assert planned is not None
    run = None
    if now - planned <= max(late(automation), ON_TIME):
        run = _run(automation, planned)
    else:
        record(SCHEDULER, "missed", "automation", (str(automation.id), automation.name), None, {"at": str(planned)})
        alarms.missed(automation.id, automation.name, planned)
    automation.next_at = triggers.next_time(automation.trigger, definition.zone_of(automation), max(now, planned))
    automation.is_active = automation.next_at is not None
    db.session.flush()
    return run


def late(automation: Automation) -> timedelta:
    hours = automation.limits.get("late_hours")
    return timedelta(hours=hours) if isinstance(hours, int | float) else LATE


def _run(automation: Automation, planned: datetime) -> Run | None:
    if triggers.looks_at_shop(automation.trigger):
        scanning.plan(automation, planned)
        return None
    try:
        return occasions.at(automation, planned)
    except Unready as unready:
        said = {"at": str(planned), "reason": str(unready)}
        record(SCHEDULER, "could not run", "automation", (str(automation.id), automation.name), None, said)
        alarms.could_not_run(automation.id, automation.name, str(unready))
        return None


def _next_due(now: datetime, but: Collection[int]) -> Automation | None:
    due = (
        select(Automation)
        .where(Automation.is_active, Automation.next_at <= now, Automation.id.not_in(but))
        .order_by(Automation.next_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return db.session.scalars(due.execution_options(populate_existing=True)).one_or_none()
