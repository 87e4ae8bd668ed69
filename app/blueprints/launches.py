"""Launches: the list, one of them as it moves from step to step, and the form that begins one."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app import htmx
from app.access import actor, may
from app.automations import triggers
from app.automations.keeping import NotReady
from app.automations.launch import Launch
from app.automations.launches import directory, interested, launching, steps
from app.automations.launches.wanted import Wanted
from app.blueprints import asking
from app.blueprints.media.frames import framed
from app.blueprints.settings.saving import typed
from app.blueprints.templates.checks import SOMEBODY
from app.blueprints.templates.frames import HERE
from app.content import directory as templates
from app.content import publishing, versions, writing
from app.content.template import MessageTemplate, TemplateVersion
from app.db import db
from app.deliveries import filling, runs
from app.deliveries.filling import Whom
from app.deliveries.run import OPEN, Run
from app.deliveries.runs import Account, WrongState
from app.problem import Problem, Refused
from app.queue import ring
from app.segments import audience, vocabulary
from app.segments.unavailable import Unavailable
from app.settings import launches as settings
from app.settings import team
from app.wording import zone

door = Blueprint("launches", __name__, url_prefix="/launches")
FIELDS = ("interest", "product_id", "product_name", "product_link", "template_id", "when", "at", "occasion")
OCCASION = re.compile(r"[0-9a-f]{32}")
SOURCES = dict(directory.SOURCES)
AGAIN = "This form has launched something else already. Look whether you want this, too, and launch it."
Form = dict[str, str]


@door.context_processor
def _words() -> dict[str, Any]:
    return {"SOURCES": SOURCES, "step_of": directory.step_of, "HELD": launching.HELD}


@door.get("")
@may("read")
def index() -> ResponseReturnValue:
    if request.args.get("field"):
        return asking.moved_to_filter("launches.index")
    listing = directory.LISTING
    ask = asking.read(listing)
    page = listing.page(directory.everything(), ask)
    return htmx.answer(
        "launches/index.html",
        "launches/_results.html",
        listing=listing,
        ask=ask,
        page=page,
        runs=directory.runs_of(page.rows),
        held=directory.held_count(),
    )


@door.get("/new")
@may("send")
def new() -> Response:
    """A product may be named from where somebody comes."""
    product = directory.product(request.args.get("product_id", ""))
    about = {"product_id": product.product_id, "interest": product.category or ""} if product else {}
    return _form({"when": "settings", "occasion": secrets.token_hex(16), **about})


@door.get("/people")
@may("send")
def people() -> Response:
    """Whoever has the interest at this moment. It is asked for while one types."""
    interest, found, why = request.args.get("interest", "").strip(), None, ""
    try:
        found = _counted(interest) if interest else None
    except (Refused, Unavailable) as refused:
        why = str(refused)
    return htmx.answer("launches/people.html", "launches/_people.html", interest=interest, found=found, why=why)


@door.post("")
@may("send")
def create() -> Response:
    form, now = typed(*FIELDS), datetime.now(UTC)
    wanted, faults = _wanted(form, now)
    if faults:
        return _form(form, faults, 422)
    try:
        launch = launching.launch(wanted, "hand", now, actor())
    except launching.Another:
        db.session.rollback()
        form["occasion"] = secrets.token_hex(16)
        return _form(form, [Problem("product_name", AGAIN)], 422)
    except (Refused, NotReady) as refused:
        db.session.rollback()
        return _form(form, refused.problems, 422)
    db.session.commit()
    ring("automations.plan_runs")
    return htmx.go(url_for("launches.show", launch_id=launch.id), f"“{launch.facts['product_name']}” is launched.")


@door.get("/<int:launch_id>")
@may("read")
def show(launch_id: int) -> Response:
    return _shown(found(launch_id))


@door.get("/<int:launch_id>/frame")
@may("read")
def frame(launch_id: int) -> Response:
    """The mail as somebody gets it."""
    launch = found(launch_id)
    version = _version(launch)
    if version is None:
        abort(404)
    shown = publishing.shown(versions.frozen(version, HERE), SOMEBODY, launch.facts, zone())
    if shown.skipped:
        said = f"Nobody gets it: {shown.skipped} is not among the facts of this launch."
        return framed(render_template("media/frame_bad.html", problems=[publishing.Problem(0, said)]))
    return framed(shown.html)


@door.post("/<int:launch_id>/cancellation")
@may("send")
def cancel(launch_id: int) -> Response:
    launch = found(launch_id)
    if launch.run_id is None:
        abort(404)
    try:
        launching.cancel(launch, datetime.now(UTC), actor())
    except WrongState as late:
        db.session.rollback()
        return htmx.go(url_for("launches.show", launch_id=launch_id), str(late), "bad")
    db.session.commit()
    return htmx.go(url_for("launches.show", launch_id=launch_id), "It is cancelled: nothing of it goes out any more.")


@door.post("/<int:launch_id>/sending")
@may("send")
def send(launch_id: int) -> Response:
    launch = found(launch_id)
    try:
        is_sent = steps.send(launch, datetime.now(UTC), actor())
    except NotReady as unready:
        db.session.rollback()
        return _shown(found(launch_id), 422, unready.problems)
    db.session.commit()
    ring("automations.plan_runs")
    said = ("It goes out.", "good") if is_sent else ("It is not held any more.", "bad")
    return htmx.go(url_for("launches.show", launch_id=launch_id), *said)


@door.post("/<int:launch_id>/dropping")
@may("send")
def drop(launch_id: int) -> Response:
    is_dropped = steps.drop(found(launch_id), datetime.now(UTC), actor())
    db.session.commit()
    said = ("It is dropped: nobody gets it.", "good") if is_dropped else ("It is not held any more.", "bad")
    return htmx.go(url_for("launches.show", launch_id=launch_id), *said)


@door.post("/held/dropping")
@may("send")
def drop_held() -> Response:
    count = steps.drop_all(datetime.now(UTC), actor())
    db.session.commit()
    return htmx.go(url_for("launches.index"), f"{count:,} dropped: nobody gets them.")


def found(launch_id: int) -> Launch:
    return launching.find(launch_id) or abort(404)


def _shown(launch: Launch, code: int = 200, unready: list[Problem] | None = None) -> Response:
    mine = launching.runs_of(launch)
    run, others = (mine[0], mine[1:]) if mine else (None, ())
    account = runs.account(run) if run else Account()
    shown = steps.of(launch, run, account)
    return htmx.answer(
        "launches/show.html",
        "launches/_show.html",
        code=code,
        launch=launch,
        run=run,
        account=account,
        steps=shown,
        reached=_reached(launch, shown),
        version=_version(launch),
        template=_template(launch),
        unready=unready or [],
        others=others,
        is_open=any(one.state in OPEN for one in mine),
        moves=launch.cleaned_at is None and launch.outcome != launching.HELD,
    )


def _reached(launch: Launch, shown: list[steps.Step]) -> str:
    """The rows of its run know it before the clock comes round."""
    is_waiting = launch.outcome in (launching.HELD, launching.DROPPED)
    return "" if is_waiting else [one for one in shown if one.at is not None][-1].name.lower()


def _template(launch: Launch) -> MessageTemplate | None:
    version = _version(launch)
    return db.session.get(MessageTemplate, version.template_id) if version else None


def _version(launch: Launch) -> TemplateVersion | None:
    """What it said; of one that is held, what it would say now."""
    if launch.run_id and (run := db.session.get(Run, launch.run_id)):
        return db.session.get(TemplateVersion, run.version_id)
    key = launching.template_of(launch)
    template = writing.find(key) if key else None
    return versions.published(template) if template else None


def _counted(interest: str) -> dict[str | None, int]:
    chosen, now = settings.read(), datetime.now(UTC)
    whom = audience.of_rules(interested.rules(interest, chosen), now)
    with audience.hurried():
        return filling.counted(Whom(whom.sql, whom.said), "promotional", chosen.topic, now)


def _wanted(form: Form, now: datetime) -> tuple[Wanted, list[Problem]]:
    """What the catalogue knows needs not be typed."""
    product, faults = directory.product(form["product_id"]), []
    at = triggers.moment_of(form["at"], team.zone().key) if form["when"] == "at" else None
    if form["when"] == "at" and at is None:
        faults.append(Problem("at", "Choose a day and a time."))
    occasion = form["occasion"] if OCCASION.fullmatch(form["occasion"]) else secrets.token_hex(16)
    return Wanted(
        interest=form["interest"] or (product.category or "" if product else ""),
        product_name=form["product_name"] or (product.name or "" if product else ""),
        product_link=form["product_link"] or (product.url or "" if product else ""),
        product_id=product.product_id if product else None,
        template_id=int(form["template_id"]) if form["template_id"].isdecimal() else None,
        at=now if form["when"] == "now" else at,
        key=f"hand-{occasion}",
    ), faults


def _form(form: Form, problems: list[Problem] | None = None, code: int = 200) -> Response:
    chosen = settings.read()
    return htmx.answer(
        "launches/form.html",
        code=code,
        sent={**dict.fromkeys(FIELDS, ""), **form},
        errors={one.path: one.message for one in problems or []},
        interests=sorted({*vocabulary.interests(), *vocabulary.categories()}),
        products=directory.products(),
        templates=[(str(key), name) for key, name, number in templates.choices() if number],
        timing=f"at {chosen.at}" if chosen.at else "at once",
        zone=team.zone().key,
    )
