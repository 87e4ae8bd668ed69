"""A launch is received once, by its key, and let go: a segment, an automation and a run are made for it alone."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.audit import Actor, record
from app.automations import definition, keeping, occasions, readiness, triggers
from app.automations.automation import Automation
from app.automations.definition import Definition
from app.automations.keeping import NotReady
from app.automations.launch import Launch
from app.automations.launches import interested, wanted
from app.automations.launches.wanted import Wanted
from app.content.template import MessageTemplate
from app.db import db
from app.deliveries import about, alarms, runs
from app.deliveries.run import OPEN, Run
from app.problem import Problem, Refused
from app.segments import keeping as segments
from app.segments.definition import LONGEST_NAME
from app.segments.definition import Definition as SegmentDefinition
from app.settings import launches as settings
from app.settings import senders, team

STARTER = "product-launch"
HELD, DROPPED = "held", "dropped"
OF_RUN = re.compile(r"automation-\d+-launch-(\d+)")
NO_TEMPLATE = Problem("message_template_id", "There is no mail for launches: an admin chooses one in Settings.")


class Another(ValueError):
    """Its key is that of a launch of something else."""

    def __init__(self) -> None:
        super().__init__("This key is that of another launch; take a new key for a new one.")


def find(launch_id: int) -> Launch | None:
    return db.session.get(Launch, launch_id) if launch_id < 2**63 else None


def launch(wanted_: Wanted, source: str, now: datetime, by: Actor) -> Launch:
    """Asked for again by its key it is the one of before. Raises Refused (its form), Another, or NotReady."""
    if found := wanted.problems(wanted_, now):
        raise Refused(found)
    received = receive(wanted_, source, now, by)
    if received is None:
        return _of_before(wanted_)
    let_go(received, now, by, wanted_.template_id, wanted_.at)
    return received


def receive(wanted_: Wanted, source: str, now: datetime, by: Actor, outcome: str | None = None) -> Launch | None:
    """None: it is there already, whoever asked."""
    new = insert(Launch).values(
        key=wanted_.key or f"{source}-{secrets.token_hex(16)}",
        interest=wanted_.interest,
        facts=wanted.facts(wanted_),
        source=source,
        by_name=by.name,
        product_id=wanted_.product_id,
        received_at=now,
        outcome=outcome,
    )
    made = db.session.scalar(new.on_conflict_do_nothing(index_elements=["key"]).returning(Launch.id))
    if made is None:
        return None
    received = db.session.get_one(Launch, made)
    record(by, "launched" if outcome is None else "held", "launch", named(received), None, received.facts)
    return received


def let_go(held: Launch, now: datetime, by: Actor, template_id: int | None = None, at: datetime | None = None) -> Run:
    """Its run is there at once; where it is for later, it waits for its time. Raises NotReady."""
    chosen = settings.read()
    held.outcome = None
    when = at or chosen.next_time(now, team.zone())
    held.scheduled_for = when if when and when > now else None
    segment = segments.create(_segment(held, chosen), now, by)
    segment.is_passing = True
    automation = keeping.create(_automation(held, chosen, segment.id, template_id), now, by)
    automation.is_passing, automation.is_active = True, True
    db.session.flush()
    if unready := readiness.activating(automation):
        raise NotReady(unready)
    run = occasions.of_launch(automation, held.id, now, held.scheduled_for, by.name)
    assert run is not None
    held.segment_id, held.automation_id, held.run_id = segment.id, automation.id, run.id
    _tell_others(held, now)
    db.session.flush()
    return run


def template_of(launch: Launch | None = None) -> int | None:
    """What the catalogue begins may have a mail of its own; everything else has the default one, or the starter."""
    chosen = settings.read()
    of_kind = chosen.switch(launch.key.split("-")[1]).template_id if launch and launch.source == "catalogue" else None
    starter = select(MessageTemplate.id).where(MessageTemplate.starter == STARTER)
    return of_kind or chosen.template_id or db.session.scalar(starter)


def named(launch: Launch) -> tuple[int, str]:
    return launch.id, str(launch.facts.get("product_name", launch.interest))


def of_run(run: Run) -> Launch | None:
    found = OF_RUN.fullmatch(run.key)
    return find(int(found[1])) if found else None


def runs_of(launch: Launch) -> Sequence[Run]:
    """Its own first, then those of automations that somebody keeps for launches: made together with it."""
    own = runs.find(launch.run_id) if launch.run_id else None
    if own is None:
        return ()
    beside = Run.created_date == own.created_date, Run.behaviour == triggers.LAUNCH, Run.id != own.id
    mine = select(Run).where(*beside, Run.key.endswith(f"-launch-{launch.id}")).order_by(Run.id)
    return [own, *db.session.scalars(mine)]


def cancel(launch: Launch, now: datetime, by: Actor) -> None:
    """Nobody gets anything of it any more. Raises WrongState where all of it is over."""
    found = runs_of(launch)
    going = [run for run in found if run.state in OPEN]
    for run in going or found[:1]:
        runs.cancel(run, now, by)


def of_automation(automation_id: int) -> Launch | None:
    return db.session.scalar(select(Launch).where(Launch.automation_id == automation_id))


def of_segment(segment_id: int) -> Launch | None:
    return db.session.scalar(select(Launch).where(Launch.segment_id == segment_id))


@about.told_by
def facts_of(run: Run) -> Mapping[str, Any]:
    found = of_run(run)
    return found.facts if found else {}


def _of_before(wanted_: Wanted) -> Launch:
    found = db.session.scalars(select(Launch).where(Launch.key == wanted_.key)).one()
    if any(found.facts.get(name) != getattr(wanted_, name) for name in ("interest", "product_name", "product_link")):
        raise Another
    return found


def _segment(held: Launch, chosen: settings.Launches) -> SegmentDefinition:
    name = f"Interested in {held.interest} · {held.facts['product_name']}"[:LONGEST_NAME]
    said = "Made for a launch, and gone with it."
    return SegmentDefinition(name, "rules", said, rules=interested.rules(held.interest, chosen))


def _automation(held: Launch, chosen: settings.Launches, segment_id: int, template_id: int | None) -> Definition:
    key = template_id or template_of(held)
    if key is None or db.session.get(MessageTemplate, key) is None:
        raise NotReady(
            [NO_TEMPLATE if template_id is None else Problem(NO_TEMPLATE.path, "There is no such template.")]
        )
    return Definition(
        f"Launch of {held.facts['product_name']}"[: definition.LONGEST_NAME],
        segment_id=segment_id,
        template_id=key,
        description="Made for a launch, and gone with it.",
        topic=chosen.topic,
        sender_id=_sender(chosen),
        trigger={"launch": {}},
    )


def _sender(chosen: settings.Launches) -> int | None:
    """One that is gone meanwhile leaves the default one."""
    found = senders.find(chosen.sender_id) if chosen.sender_id else None
    return found.id if found else None


def _tell_others(held: Launch, now: datetime) -> None:
    """Automations that somebody keeps for launches write to their own segments, with the facts of each launch."""
    kept = Automation.is_active, ~Automation.is_passing, Automation.trigger.has_key("launch")
    for automation in db.session.scalars(select(Automation).where(*kept).order_by(Automation.id)):
        try:
            occasions.of_launch(automation, held.id, now, held.scheduled_for, held.by_name)
        except occasions.Unready as unready:
            alarms.could_not_run(automation.id, automation.name, str(unready))
