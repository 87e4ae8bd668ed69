"""An automation is looked at before it acts, put to work, put to rest, or run once more by hand."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

from flask import Blueprint, Response, request, url_for

from app import htmx, running
from app.access import actor, may
from app.automations import (
    callers,
    estimate,
    keeping,
    occasions,
    planning,
    reactions,
    readiness,
    rehearsal,
    triggers,
    variants,
)
from app.automations.automation import Automation
from app.automations.callers import Judged
from app.automations.keeping import HasRun, NotReady
from app.blueprints.automations import found, sent_behaviour, shown_behaviour
from app.db import db
from app.deliveries import verification
from app.queue import ring
from app.segments.unavailable import Unavailable
from app.settings import brand, senders

OCCASION = re.compile(r"[0-9a-f]{16}")
door = Blueprint("automation_activation", __name__, url_prefix="/automations/<int:automation_id>")


@door.get("/preflight")
@may("read")
def preflight(automation_id: int) -> Response:
    return _preflight(found(automation_id))


@door.post("/activation")
@may("send")
def activate(automation_id: int) -> Response:
    automation = found(automation_id)
    try:
        held = keeping.activate(automation, datetime.now(UTC), actor())
    except NotReady:
        db.session.rollback()
        return _preflight(automation, 422)
    except HasRun as over:
        had = "was cancelled" if over.run.state == "cancelled" else "went out"
        said = f"It {had} once already: this is that run. “Run now” sends it again."
        return htmx.go(f"/runs/{over.run.id}", said, "warn")
    db.session.commit()
    return htmx.go(url_for("automations.show", automation_id=automation_id), f"“{held.name}” is active.")


@door.post("/deactivation")
@may("send")
def deactivate(automation_id: int) -> Response:
    automation = found(automation_id)
    keeping.deactivate(automation, actor())
    db.session.commit()
    said = f"“{automation.name}” is not active any more. Runs that are on their way go on."
    return htmx.go(url_for("automations.show", automation_id=automation_id), said)


@door.get("/runs/new")
@may("send")
def ask_to_run(automation_id: int) -> Response:
    automation = found(automation_id)
    return _asked_to_run(automation)


@door.post("/runs")
@may("send")
def run(automation_id: int) -> Response:
    automation, now = found(automation_id), datetime.now(UTC)
    if readiness.by_hand(automation):
        db.session.rollback()
        return _asked_to_run(automation, 422)
    made = occasions.by_hand(automation, now, actor(), _occasion())
    db.session.commit()
    ring("automations.plan_runs")
    return htmx.go(f"/runs/{made.id}", f"“{made.name}” runs.")


def _asked_to_run(automation: Automation, code: int = 200) -> Response:
    """With the name of this occasion: the form sent twice is one run."""
    unready, occasion = readiness.by_hand(automation), occasions.new_occasion()
    return htmx.answer("automations/run.html", code=code, automation=automation, unready=unready, occasion=occasion)


def _occasion() -> str:
    sent = request.form.get("occasion", "")
    return sent if OCCASION.fullmatch(sent) else occasions.new_occasion()


def _preflight(automation: Automation, code: int = 200) -> Response:
    """What a run at this moment would do. Counting may take seconds, so pages ask for it by themselves."""
    began, why, people, called = time.perf_counter(), None, {}, Judged()
    is_behaviour = triggers.kind_of(automation.trigger) == sent_behaviour.BEHAVIOUR
    answers = bool(reactions.kind_of(automation.trigger)) or is_behaviour
    try:
        if is_behaviour:
            called = callers.judged(automation, datetime.now(UTC))
            people = dict(called.by_reason)
        else:
            people = _counted(automation, datetime.now(UTC))
    except Unavailable as unavailable:
        why = unavailable if automation.segment_id or answers else None
    db.session.rollback()  # nothing is kept of it
    return htmx.answer(
        "automations/preflight.html",
        "automations/_preflight.html",
        code=code,
        automation=automation,
        people=people,
        is_behaviour=is_behaviour,
        called=called.people,
        nobody=shown_behaviour.NOBODY.get(automation.trigger.get("behaviour", ""), ""),
        estimate=estimate.of(people.get(None, 0), automation.limits.get("throttle_per_minute")),
        why=why,
        seconds=time.perf_counter() - began,
        unready=readiness.lacking(automation),
        warnings=_warnings(automation, people.get(None, 0)),
        templates=variants.templates(automation),
        answers=answers,
        kind=triggers.kind_of(automation.trigger),
        days=rehearsal.DAYS,
    )


def _counted(automation: Automation, now: datetime) -> dict[str | None, int]:
    """Of what answers to people, those whom it would have answered lately; nobody knows who will come."""
    if not reactions.kind_of(automation.trigger):
        return planning.preflight(automation, now)
    is_known = rehearsal.can_be_counted(automation.trigger)
    return rehearsal.preflight(automation, now) if is_known else {}


def _warnings(automation: Automation, people: int) -> list[str]:
    """What is not as it should be, and stops nothing."""
    config = running.config()
    found = [
        f"Nobody would get {mail}: it shows {path}, which comes with an event or a launch, and not by the clock."
        for mail, path in readiness.unfilled(automation)
    ]
    if said := readiness.short_of_codes(automation, people):
        found.append(said)
    if automation.purpose != "transactional" and not brand.current().postal_address.strip():
        found.append("There is no postal address yet: many countries ask for one in such mail. Settings → Brand.")
    if automation.sender_id is None and not any(one.is_default for one in senders.everyone()):
        found.append(f"No sender is set: it goes out as {config.mail_from}.")
    sender = readiness.sender_of(automation)
    found += verification.worries(sender)
    if automation.is_active and (said := verification.refusal(sender)):
        found.append(f"Its sender is refused. {said}")
    if config.sends_nothing:
        found.append("Mail stays in the local outbox: nothing leaves this machine.")
    if config.mail_allow:
        found.append(f"MAIL_ALLOW lets mail through to {len(config.mail_allow)} addresses or domains only.")
    return found
