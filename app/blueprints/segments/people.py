"""The people of a segment: searched, filtered, paged, exported; and for a list, added and taken out."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, request, url_for
from flask.typing import ResponseReturnValue

from app import htmx, wording
from app.access import actor, may, takes
from app.audit import record
from app.blueprints import asking, returning
from app.blueprints.merges import number
from app.blueprints.segments import found
from app.customers import directory, export
from app.db import db
from app.segments import audience, gathering, listed, sizes
from app.segments.listed import Outcome
from app.segments.segment import Segment
from app.segments.unavailable import Unavailable

door = Blueprint("segment_people", __name__, url_prefix="/segments/<int:segment_id>")
HERE = "segment_people.index"
LARGEST = 32 * 1024 * 1024  # a million addresses, to be told that they are too many


@door.get("/customers")
@may("read")
def index(segment_id: int) -> ResponseReturnValue:
    if request.args.get("field"):
        return asking.moved_to_filter(HERE, segment_id=segment_id)
    segment, listing = found(segment_id), directory.listing(wording.zone())
    ask = asking.read(listing, segment_id=segment_id)
    try:
        gathered = gathering.gather(audience.of(segment, datetime.now(UTC)))
    except Unavailable as why:
        return _unavailable(segment, why)
    return htmx.answer(
        "segments/people.html",
        "segments/_people.html",
        segment=segment,
        listing=listing,
        ask=ask,
        page=listing.page(gathered.people(), ask),
        total=gathered.count,
    )


@door.get("/customers/export")
@may("read")
def export_csv(segment_id: int) -> Response:
    segment, listing = found(segment_id), directory.listing(wording.zone())
    ask = asking.read(listing, segment_id=segment_id)
    try:
        everybody = audience.of(segment, datetime.now(UTC))
        audience.count(everybody)  # what cannot be computed is said now, not in the middle of a file
    except Unavailable as why:
        return _unavailable(segment, why)
    asked = {"q": ask.q, "filters": [*map(str, ask.filters)]}
    record(actor(), "exported", "segment", (str(segment.id), segment.name), after=asked)
    db.session.commit()
    return Response(
        export.lines(gathering.streamed(everybody).where(listing.where(ask))),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="segment-{segment_id}.csv"'},
    )


@door.get("/people/new")
@may("edit")
def new(segment_id: int) -> Response:
    return _form(_list(segment_id))


@door.post("/people")
@may("edit")
@takes(LARGEST)
def add(segment_id: int) -> Response:
    """One or many, by lead id or address."""
    segment, typed = _list(segment_id), request.form.get("people", "")
    words = listed.words_of(typed)
    if refused := _refusal(words):
        return _form(segment, typed if len(words) <= listed.MOST_PASTED else "", refused)
    outcome = listed.add_named(segment, words, f"{actor().name}, by hand", actor())
    sizes.measure(segment, datetime.now(UTC))
    db.session.commit()
    if not outcome.unknown:
        return htmx.go(url_for(HERE, segment_id=segment_id), _said(outcome, segment))
    if not outcome.added and not outcome.there_already:
        return _form(segment, typed, outcome=outcome)
    return htmx.answer("segments/added.html", segment=segment, outcome=outcome, most=listed.MOST_NAMED)


@door.post("/people/removal")
@may("edit")
def remove(segment_id: int) -> Response:
    segment, customer_id = _list(segment_id), number(request.form.get("customer_id"))
    customer = directory.find(customer_id) or abort(404)
    gone = listed.remove(segment, [customer_id], actor())
    sizes.measure(segment, datetime.now(UTC))
    db.session.commit()
    said = f"{customer.name} {'is off' if gone else 'was not on'} “{segment.name}”."
    there = returning.wanted() if request.form.get("next") else url_for(HERE, segment_id=segment_id)
    return htmx.go(there, said)


def _unavailable(segment: Segment, why: Unavailable) -> Response:
    return htmx.answer("segments/unavailable.html", "segments/_unavailable.html", code=422, segment=segment, why=why)


def _list(segment_id: int) -> Segment:
    segment = found(segment_id)
    if segment.type != "manual":
        abort(404)
    return segment


def _refusal(words: list[str]) -> str:
    if not words:
        return "Write at least one lead id or e-mail address."
    if len(words) > listed.MOST_PASTED:
        return f"At most {listed.MOST_PASTED:,} at once; these are {len(words):,}. A file has room for more."
    return ""


def _form(segment: Segment, typed: str = "", refused: str = "", outcome: Outcome | None = None) -> Response:
    return htmx.answer(
        "segments/people_new.html",
        code=422 if refused or outcome else 200,
        segment=segment,
        typed=typed,
        refused=refused,
        outcome=outcome,
        most=listed.MOST_NAMED,
    )


def _said(outcome: Outcome, segment: Segment) -> str:
    there = f" {wording.said(outcome.there_already, 'was', 'were')} there already." if outcome.there_already else ""
    return f"{wording.said(outcome.added, 'person', 'people')} added to “{segment.name}”.{there}"
