"""Automations are made, changed, copied, put to work and to rest here, each time with a version and its trail."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from app.audit import Actor, record
from app.automations import definition, following, occasions, readiness, triggers, waits
from app.automations.automation import Automation, AutomationVersion
from app.automations.definition import Definition
from app.db import db
from app.deliveries import alarms
from app.deliveries.run import Run
from app.problem import Problem, must_last

OVER = "Its time is over: choose a later one."
CIRCLE = "It would come after itself: the automation that it follows comes, in the end, after this one."
ARCHIVED = "It is in the archive: bring it back first."
NOT_YOURS = "It is active, and this is what goes out: somebody who may send has to change it, or deactivate it first."
OF_SENDING = (
    "segment_id",
    "template_id",
    "subject",
    "variants",
    "purpose",
    "topic",
    "sender_id",
    "discount_pool_id",
    "trigger",
    "timezone",
)


class Changed(Exception):
    """Somebody else has saved it meanwhile."""


class Gone(Exception):
    """Somebody else has deleted it meanwhile."""


class NotReady(Exception):
    """It may not act yet; the problems say why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = problems


class MayNotSend(NotReady):
    """The change would decide about mail that goes out by itself."""


class HasRun(Exception):
    """It was to go out once, at once, and it has: this is that run."""

    def __init__(self, run: Run) -> None:
        super().__init__(OVER)
        self.run = run


def find(automation_id: int) -> Automation | None:
    return db.session.get(Automation, automation_id) if automation_id < 2**63 else None


def create(wanted: Definition, now: datetime, by: Actor) -> Automation:
    automation = Automation(**wanted.kept(), changed_by=by.name, created_date=now, updated_date=now)
    db.session.add(automation)
    db.session.flush()
    _keep_version(automation, now, by)
    record(by, "created", "automation", _named(automation), None, wanted.kept())
    return automation


def change(
    automation: Automation, wanted: Definition, version: int, now: datetime, by: Actor, *, may_send: bool
) -> Automation:
    """Raises Changed where `version` is not the present one. What is active goes on with it from its next run.

    Whom an active one writes to, what and when, is for those who may send.
    """
    held = locked(automation.id)
    must_last(held)
    if held.version != version:
        raise Changed
    before, after = definition.of(held).kept(), wanted.kept()
    if before == after:
        return held
    if held.is_active and not may_send and (sent := [one for one in OF_SENDING if before[one] != after[one]]):
        raise MayNotSend([Problem(one, NOT_YOURS) for one in sent])
    for name, value in after.items():
        setattr(held, name, value)
    if following.is_circle(held.id, held.trigger):
        raise NotReady([Problem("trigger.after.automation", CIRCLE)])
    is_other = before["sender_id"] != after["sender_id"]
    if held.is_active and (unready := readiness.staying(held, is_other_sender=is_other)):
        raise NotReady(unready)
    held.version, held.updated_date, held.changed_by = held.version + 1, now, by.name
    if held.is_active and (before["trigger"], before["timezone"]) != (after["trigger"], after["timezone"]):
        _settle_next(held, now)
    _keep_version(held, now, by)
    record(by, "changed", "automation", _named(held), before, after)
    return held


def choose(automation: Automation, place: int, version: int, now: datetime, by: Actor) -> Automation:
    """One of its mails becomes the one for everybody. Raises Changed, or NotReady where there is no such mail."""
    own = definition.of(automation)
    if not 0 <= place < len(own.variants):
        raise NotReady([Problem("variants", "There is no such version any more.")])
    one = own.variants[place]
    wanted = replace(
        own,
        template_id=one.get("template_id") or own.template_id,
        subject=one.get("subject") or own.subject,
        variants=(),
    )
    return change(automation, wanted, version, now, by, may_send=True)


def activate(automation: Automation, now: datetime, by: Actor) -> Automation:
    """Twenty clicks activate it once. Raises NotReady, or HasRun."""
    held = locked(automation.id)
    must_last(held)
    if held.is_active:
        return held
    if run := occasions.spent(held):
        raise HasRun(run)
    if unready := [Problem("", ARCHIVED)] if held.archived_at else readiness.activating(held):
        raise NotReady(unready)
    at = _settle_next(held, now)
    held.is_active = True
    record(by, "activated", "automation", _named(held), None, {"next_at": at.isoformat()} if at else None)
    return held


def deactivate(automation: Automation, by: Actor) -> Automation:
    """No more runs; those that are on their way go on."""
    held = locked(automation.id)
    must_last(held)
    if held.is_active:
        held.is_active, held.next_at = False, None
        record(by, "deactivated", "automation", _named(held))
    return held


def duplicate(automation: Automation, now: datetime, by: Actor) -> Automation:
    must_last(automation)
    wanted = definition.of(automation)
    return create(replace(wanted, name=f"{wanted.name[: definition.LONGEST_NAME - 7]} (copy)"), now, by)


def archive(automation: Automation, now: datetime, by: Actor) -> None:
    must_last(automation)
    if automation.archived_at is None:
        deactivate(automation, by)
        automation.archived_at = now
        waits.cancel(automation, waits.ARCHIVED, now)
        alarms.gone(automation.id)
        record(by, "archived", "automation", _named(automation))


def restore(automation: Automation, by: Actor) -> None:
    if automation.archived_at is not None:
        automation.archived_at = None
        record(by, "restored", "automation", _named(automation))


def delete(automation: Automation, by: Actor) -> None:
    """Its runs stay, under its name."""
    held = locked(automation.id)
    must_last(held)
    record(by, "deleted", "automation", _named(held), definition.of(held).kept(), None)
    alarms.gone(held.id)
    db.session.delete(held)
    db.session.flush()


def versions(automation: Automation) -> list[AutomationVersion]:
    """The latest first."""
    mine = select(AutomationVersion).where(AutomationVersion.automation_id == automation.id)
    return list(db.session.scalars(mine.order_by(AutomationVersion.version.desc()).limit(100)))


def locked(automation_id: int) -> Automation:
    wanted = select(Automation).where(Automation.id == automation_id).with_for_update()
    held = db.session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    if held is None:
        raise Gone
    return held


def _settle_next(held: Automation, now: datetime) -> datetime | None:
    """What answers to people has no time: it begins now."""
    if not triggers.has_times(held.trigger):
        held.next_at = None
        if "after" in held.trigger:
            following.begin(held, now)
        return None
    held.next_at = triggers.first_time(held.trigger, definition.zone_of(held), now)
    if held.next_at is None:
        raise NotReady([Problem("trigger", OVER)])
    return held.next_at


def _keep_version(automation: Automation, now: datetime, by: Actor) -> None:
    kept = definition.of(automation).kept()
    db.session.add(
        AutomationVersion(
            automation_id=automation.id,
            version=automation.version,
            definition=kept,
            by_name=by.name,
            created_date=now,
        )
    )
    db.session.flush()


def _named(automation: Automation) -> tuple[str, str]:
    return str(automation.id), automation.name
