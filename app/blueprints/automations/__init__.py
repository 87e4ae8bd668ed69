"""Automations: the list, one of them, and the form that makes and changes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from flask.typing import ResponseReturnValue

from app import htmx
from app.access import actor, may, person
from app.automations import changes, definition, directory, keeping, readiness, triggers
from app.automations import using as using  # says of segments and templates who uses them
from app.automations.automation import Automation
from app.automations.behaviours.settings import SPECS
from app.automations.definition import Definition
from app.automations.keeping import Changed, NotReady
from app.automations.launches import launching
from app.blueprints import asking
from app.blueprints.automations import sent, sent_behaviour, sent_trigger, shown, shown_behaviour, shown_trigger
from app.blueprints.settings.saving import version_sent
from app.db import db
from app.deliveries import holdout
from app.problem import Problem, must_last

door = Blueprint("automations", __name__, url_prefix="/automations")


@door.get("")
@may("read")
def index() -> ResponseReturnValue:
    if request.args.get("field"):
        return asking.moved_to_filter("automations.index")
    listing = directory.listing()
    ask = asking.read(listing)
    page = listing.page(directory.rows(ask), ask)
    return htmx.answer(
        "automations/index.html",
        "automations/_results.html",
        listing=listing,
        ask=ask,
        page=page,
        beside=directory.beside(page.rows),
        when=shown.when,
        is_by_clock=triggers.is_by_clock,
        needs_segment=triggers.needs_segment,
        behaviours=SPECS.values(),
    )


@door.get("/new")
@may("edit")
def new() -> Response:
    """A segment, a template or what people do may be named from where somebody comes."""
    chosen = {name: said for name in ("segment_id", "template_id") if (said := request.args.get(name))}
    kind = SPECS.get(request.args.get("behaviour", ""))
    return form(None, {**sent.BLANK, **(sent_behaviour.begun(kind) if kind else {}), **chosen})


@door.post("")
@may("edit")
def create() -> Response:
    now = datetime.now(UTC)
    wanted, faults = sent.wanted(now)
    if problems := _problems(wanted, faults, now):
        return form(None, sent.fields(), problems, 422)
    automation = keeping.create(wanted, now, actor())
    db.session.commit()
    said = f"“{automation.name}” is saved. It does nothing until you activate it."
    return htmx.go(url_for("automations.show", automation_id=automation.id), said)


@door.get("/<int:automation_id>")
@may("read")
def show(automation_id: int) -> Response:
    automation, now = found(automation_id), datetime.now(UTC)
    return htmx.answer(
        "automations/show.html",
        automation=automation,
        said=shown.of(automation, now),
        unready=readiness.lacking(automation),
        runs=directory.runs_of(automation),
        is_held_out=holdout.share(automation.id, automation.limits) is not None,
        steps=changes.of(automation),
        launch=launching.of_automation(automation.id) if automation.is_passing else None,
        **shown_trigger.of(automation),
        **shown_behaviour.of(automation, now),
    )


@door.get("/<int:automation_id>/edit")
@may("edit")
def edit(automation_id: int) -> Response:
    automation = found(automation_id)
    must_last(automation)
    return form(automation, sent.held(automation))


@door.post("/<int:automation_id>")
@may("edit")
def save(automation_id: int) -> Response:
    automation, now = found(automation_id), datetime.now(UTC)
    if automation.version != version_sent():
        return _overtaken(automation)
    wanted, faults = sent.wanted(now, automation)
    if problems := _problems(wanted, faults, now):
        return form(automation, sent.fields(), problems, 422)
    try:
        held = keeping.change(automation, wanted, version_sent(), now, actor(), may_send=person().may("send"))
    except NotReady as unready:
        db.session.rollback()
        return form(automation, sent.fields(), unready.problems, 422)
    except Changed:
        return _overtaken(automation)
    db.session.commit()
    return htmx.go(url_for("automations.show", automation_id=automation_id), _saved(held))


def found(automation_id: int) -> Automation:
    return keeping.find(automation_id) or abort(404)


def to_end(automation_id: int) -> Automation:
    """What is active, and would be no more, is for those who may send."""
    automation = found(automation_id)
    if automation.is_active and not person().may("send"):
        abort(403)
    return automation


def form(
    automation: Automation | None,
    typed: dict[str, Any],
    problems: list[Problem] | None = None,
    code: int = 200,
    **more: Any,
) -> Response:
    return htmx.answer(
        "automations/form.html",
        code=code,
        automation=automation,
        sent=typed,
        errors=sent.by_path(sent_behaviour.placed(sent_trigger.placed(problems or [], typed), typed)),
        # Whoever is told what others saved, and sends the form again, has seen it.
        version=automation.version if automation else 0,
        **shown.beside(typed, automation),
        **sent_trigger.beside(typed, automation),
        behaviours=[(kind, sent_behaviour.proposed(kind)) for kind in SPECS.values()],
        **more,
    )


def _problems(wanted: Definition, faults: list[Problem], now: datetime) -> list[Problem]:
    """Of a field that could not be read, nothing more is asked."""
    is_read = not any(one.path in ("cron", "day") or one.path.startswith("trigger") for one in faults)
    found = definition.problems(wanted, now)
    return faults + [one for one in found if is_read or not one.path.startswith("trigger")]


def _overtaken(automation: Automation) -> Response:
    """What was typed stays, beside what somebody else has saved meanwhile."""
    db.session.rollback()
    return form(automation, sent.fields(), code=409, steps=changes.of(automation)[:3])


def _saved(automation: Automation) -> str:
    ahead = " Its next run does it so." if automation.is_active else ""
    return f"“{automation.name}” is saved.{ahead}"
