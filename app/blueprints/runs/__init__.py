"""Runs: the list, one of them while it goes and afterwards, and the people behind each of its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from app import htmx
from app.access import may
from app.automations import limits
from app.blueprints import asking, splits
from app.blueprints.runs import falling
from app.catalogue import discounts
from app.catalogue.discount import DiscountPool
from app.content.template import MessageTemplate, TemplateVersion
from app.customers import directory as customers
from app.db import db
from app.deliveries import directory, discounting, progress, runs, stopping
from app.deliveries import using as using  # says of templates which runs have sent them
from app.deliveries.run import OPEN, Run
from app.segments import keeping as segments

door = Blueprint("runs", __name__, url_prefix="/runs")
HERE = "runs.people"


@dataclass(frozen=True)
class Used:
    """What it was made of."""

    template: MessageTemplate | None
    number: int
    has_segment: bool
    limits: list[str]
    pool: DiscountPool | None
    codes: str


@door.app_context_processor
def _words() -> dict[str, Any]:
    return {
        "RUN_STATES": directory.STATES_SAID,
        "REASONS": directory.REASONS_SAID,
        "OPEN_RUNS": OPEN,
        "mail_is_stopped": stopping.is_stopped,
    }


@door.get("")
@may("read")
def index() -> ResponseReturnValue:
    if request.args.get("field"):
        return asking.moved_to_filter("runs.index")
    listing = directory.LISTING
    ask = asking.read(listing)
    page = listing.page(directory.rows(), ask)
    return htmx.answer(
        "runs/index.html",
        "runs/_results.html",
        listing=listing,
        ask=ask,
        page=page,
        closed=progress.closed_account(),
        shares=directory.shares([run for run in page.rows if run.state in OPEN]),
    )


@door.get("/<int:run_id>")
@may("read")
def show(run_id: int) -> Response:
    return shown(found(run_id))


@door.get("/<int:run_id>/people")
@may("read")
def people(run_id: int) -> ResponseReturnValue:
    """`?state=skipped&reason=unsubscribed` is short for the two filters."""
    run, args = found(run_id), request.args
    if args.get("field"):
        return asking.moved_to_filter(HERE, run_id=run_id)
    short = [f"{name}:is:{args[name]}" for name in ("state", "reason") if args.get(name)]
    filters = [*args.getlist("filter"), *short]
    listing = directory.PEOPLE
    ask = listing.read(args.get("q", ""), filters, args.get("sort"), args.get("cursor"), run_id=run_id)
    page = listing.page(directory.people(run, ask.q), ask)
    return htmx.answer(
        "runs/people.html",
        "runs/_people.html",
        run=run,
        listing=listing,
        ask=ask,
        page=page,
        named=customers.named(row.customer_id for row in page.rows),
    )


def found(run_id: int) -> Run:
    return runs.find(run_id) or abort(404)


def shown(run: Run, code: int = 200, late: str = "") -> Response:
    """`late`: somebody was quicker; the page of what is true now, and the sentence."""
    now = progress.of(run)
    return htmx.answer(
        "runs/show.html",
        "runs/_show.html",
        code=code,
        run=run,
        now=now,
        fall=falling.of(now.account),
        used=_used(run),
        split=splits.of_run(run),
        late=late,
    )


def _used(run: Run) -> Used:
    version = db.session.get_one(TemplateVersion, run.version_id)
    template = db.session.get(MessageTemplate, version.template_id)
    is_there = run.segment_id is not None and segments.find(run.segment_id) is not None
    pool = discounting.pool_of(run)
    codes = discounts.left_said(pool) if pool else ""
    return Used(template, version.number, is_there, limits.said(run.limits), pool, codes)
