"""An occasion becomes a run: once, whoever asks and however often. What the run uses is frozen here."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select

from app import running
from app.audit import Actor
from app.automations import definition, readiness, triggers, variants
from app.automations.automation import Automation
from app.automations.behaviours import scanning
from app.automations.reactions import BEHAVIOUR
from app.content.template import TemplateVersion
from app.db import db
from app.deliveries import adding, runs
from app.deliveries.run import Run
from app.problem import Problem
from app.segments import keeping as segments
from app.settings import senders, team

CLOCK = "the clock"
EVENTS = "what people do"


def at(automation: Automation, planned: datetime, by_name: str = CLOCK) -> Run | None:
    """None: this planned time has its run already."""
    return _make(automation, key_of(automation, planned), planned, by_name)


def key_of(automation: Automation, planned: datetime) -> str:
    """Of what goes out as soon as it is activated, one a version: however often somebody presses the button."""
    if not triggers.is_at_once(automation.trigger):
        return f"automation-{automation.id}-{planned.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    key = f"automation-{automation.id}-now-{automation.version}"
    while (run := runs.called(key)) is not None and run.state == "failed":
        key = f"{key}-after-{run.id}"  # nobody got anything by that one
    return key


def spent(automation: Automation) -> Run | None:
    """The one run that it had, where it goes out once as soon as it is activated."""
    is_at_once = triggers.is_at_once(automation.trigger)
    return runs.called(key_of(automation, automation.updated_date)) if is_at_once else None


def by_hand(automation: Automation, now: datetime, by: Actor, occasion: str) -> Run:
    """One more, now: a person or another system asks for it, whatever its trigger says. Asked twice, it is that one.

    What answers the shop looks at it, and whom it calls gets the mail by the run of the day.
    """
    if triggers.looks_at_shop(automation.trigger):
        scanning.look_now(automation, now)
        return of_the_day(automation, now)
    key = f"automation-{automation.id}-by-hand-{occasion}"
    run = _make(automation, key, now, by.name) or runs.called(key)
    assert run is not None
    return run


def of_launch(
    automation: Automation, launch_id: int, now: datetime, later: datetime | None, by_name: str
) -> Run | None:
    """There at once; its people are looked up when its time has come. Raises Unready."""
    key = f"automation-{automation.id}-launch-{launch_id}"
    waits = {"not_before": later} if later else {}
    return _make(automation, key, later or now, by_name, behaviour=triggers.LAUNCH, **waits)


def of_the_day(automation: Automation, now: datetime) -> Run:
    """The run that takes what is answered today, held until the commit. Raises Unready.

    Each version of the automation and of its mail has its own: what is changed at noon counts from noon.
    """
    version = readiness.version_of(automation)
    if unready := readiness.problems(automation):
        raise Unready(unready)
    assert version is not None
    zone = team.zone()
    day = now.astimezone(zone).date()
    over = datetime.combine(day + timedelta(days=1), time(), zone)
    said = "-".join(str(one.version.id) for one in variants.said(automation) if one.version)
    key = f"automation-{automation.id}-day-{day.isoformat()}-{automation.version}-{said}"
    return adding.held(key, lambda named: _begun(automation, named, version, over, now))


def _begun(automation: Automation, key: str, version: TemplateVersion, until: datetime, now: datetime) -> Run | None:
    """Nothing is planned: it sends whatever comes."""
    open_ = {"state": "sending", "started_at": now, "open_until": until}
    made = runs.make(_run(automation, key, version, now, EVENTS, **open_))
    if made is not None:
        variants.freeze(automation, made)
    return made


def new_occasion() -> str:
    return secrets.token_hex(8)


def _make(automation: Automation, key: str, planned: datetime, by_name: str, **more: Any) -> Run | None:
    """One that cannot act makes a failed run, which says why: never a silent gap."""
    version, unready = readiness.version_of(automation), readiness.problems(automation)
    if version is None:
        raise Unready(unready)
    made = runs.make(_run(automation, key, version, planned, by_name, since=covered_until(automation.id), **more))
    if made is not None and unready:
        runs.fail(made, unready[0].message, planned)
    elif made is not None:
        variants.freeze(automation, made)
    return made


def _run(
    automation: Automation, key: str, version: TemplateVersion, planned: datetime, by_name: str, **more: Any
) -> Run:
    segment = segments.find(automation.segment_id) if automation.segment_id else None
    return Run(
        key=key,
        automation_id=automation.id,
        name=automation.name,
        planned_for=planned,
        version_id=version.id,
        subject=automation.subject,
        segment_id=segment.id if segment else None,
        segment_name=segment.name if segment else "",
        purpose=automation.purpose,
        topic=automation.topic,
        timezone=definition.zone_of(automation),
        sender=readiness.sender_of(automation),
        reply_to=reply_to_of(automation),
        goal=automation.goal,
        limits=automation.limits,
        discount_pool_id=automation.discount_pool_id,
        by_name=by_name,
        **{"behaviour": automation.trigger.get(BEHAVIOUR), **more},
    )


def covered_until(automation_id: int) -> datetime | None:
    """When the audience of its latest run was taken, whatever became of that run: who was meant then had their turn."""
    return db.session.scalar(select(func.max(Run.started_at)).where(Run.automation_id == automation_id))


class Unready(Exception):
    """There is nothing that it could say."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems[0].message if problems else "")
        self.problems = problems


def reply_to_of(automation: Automation) -> str | None:
    chosen = senders.find(automation.sender_id) if automation.sender_id else None
    return automation.reply_to or (chosen.reply_to if chosen else None) or running.config().mail_reply_to
