"""Imports: a file comes in, its columns are named, one sees what it would change, it is written, it may be undone.

The whole journey has one address, /imports/7, which shows the state that the file is in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, abort, request, url_for
from flask.typing import ResponseReturnValue

from app import htmx
from app.access import actor, may, takes
from app.audit import record
from app.blueprints import asking
from app.blueprints.imports import choosing, states
from app.db import db
from app.imports import detect, directory, journey, people_of_lists, showing
from app.imports.progress import Progress, look
from app.imports.upload import AT_WORK, Import
from app.queue import ring
from app.segments import directory as segments

door = Blueprint("imports", __name__, url_prefix="/imports")
AROUND = 1024 * 1024  # what stands in the form around the file
STEPS = {
    "confirm": journey.confirm,
    "revise": lambda upload, _by: journey.back_to_columns(upload),
    "discard": journey.discard,
    "stop": journey.stop,
    "undo": journey.undo,
}


@door.context_processor
def _words() -> dict[str, Any]:
    return {
        "AT_WORK": AT_WORK,
        "STATES_SAID": directory.STATES_SAID,
        "KINDS_SAID": directory.KINDS_SAID,
        "ENCODINGS": detect.ENCODINGS,
        "DELIMITERS": detect.DELIMITERS,
        "days": journey.UNDO_FOR.days,
        "list_name": people_of_lists.name_of,
        "list_id": people_of_lists.id_of,
    }


@door.get("")
@may("read")
def index() -> ResponseReturnValue:
    if request.args.get("field"):
        return asking.moved_to_filter("imports.index")
    listing = directory.LISTING
    ask = asking.read(listing)
    page = listing.page(directory.everything(), ask)
    running = _running(page.rows)
    return htmx.answer(
        "imports/index.html", "imports/_results.html", listing=listing, ask=ask, page=page, running=running
    )


@door.get("/<int:import_id>/row")
@may("read")
def row(import_id: int) -> Response:
    upload = _find(import_id)
    return htmx.answer("imports/_row.html", upload=upload, running=_running([upload]))


@door.get("/new")
@may("edit")
def new() -> Response:
    segment = request.args.get("segment", type=int)
    return _new(people_of_lists.KIND if segment else request.args.get("kind", ""), segment=segment)


@door.post("")
@may("edit")
@takes(journey.LARGEST + AROUND)
def upload() -> Response:
    kind, file = request.form.get("kind", ""), request.files.get("file")
    if refused := choosing.problem(kind, file, request.form):
        return _new(kind, refused, 422, request.form.get("segment", type=int))
    assert file is not None
    kept = journey.begin(kind, choosing.name_of(file), actor(), choosing.at_first(kind, request.form))
    try:
        journey.store(kept, cast(BinaryIO, file.stream))
    except journey.TooLarge:
        db.session.rollback()
        abort(413)
    db.session.commit()
    return _to(kept)


@door.get("/<int:import_id>")
@may("read")
def show(import_id: int) -> Response:
    return states.page(_find(import_id))


@door.post("/<int:import_id>/dialect")
@may("edit")
def read_again(import_id: int) -> Response:
    upload, misread = _find(import_id), None
    try:
        journey.read_again(upload, choosing.dialect(upload, request.form))
        misread = upload.problem
    except journey.CannotGoOn as late:
        return _late(upload, late)
    except UnicodeError:
        misread = "Its bytes mean nothing in this encoding."
    if misread:
        db.session.rollback()  # a wrong guess of a person must not cost the file
        return states.page(upload, 422, misread=misread)
    db.session.commit()
    return states.page(upload) if htmx.wants_fragment() else _to(upload)


@door.post("/<int:import_id>/columns")
@may("edit")
def set_columns(import_id: int) -> Response:
    upload = _find(import_id)
    columns, options = choosing.columns(upload, request.form), choosing.options(upload, request.form)
    try:
        states.must_be_seen(upload)
        problems = journey.set_columns(upload, columns, options)
    except journey.CannotGoOn as late:
        return _late(upload, late)
    if problems:
        db.session.rollback()
        return states.page(upload, 422, columns=columns, options=options, problems=problems)
    return _went_on(upload)


@door.get("/<int:import_id>/<any(discard, stop, undo):step>")
@may("edit")
def ask(import_id: int, step: str) -> Response:
    return htmx.answer("imports/sure.html", upload=_find(import_id), step=step)


@door.post("/<int:import_id>/<any(confirm, revise, discard, stop, undo):step>")
@may("edit")
def go_on(import_id: int, step: str) -> Response:
    upload = _find(import_id)
    try:
        states.must_be_seen(upload)
        STEPS[step](upload, actor())
    except journey.CannotGoOn as late:
        return _late(upload, late)
    return _went_on(upload)


@door.get("/<int:import_id>/changes.csv")
@may("read")
def changes(import_id: int) -> Response:
    upload = _find(import_id)
    if upload.kind != "customers" or upload.state != "preview":
        abort(404)
    return _file(upload, "changes", showing.changes_csv(upload))


@door.get("/<int:import_id>/rejects.csv")
@may("read")
def rejects(import_id: int) -> Response:
    upload = _find(import_id)
    return _file(upload, "rejects", showing.rejects(upload))


def _find(import_id: int) -> Import:
    return directory.find(import_id) or abort(404)


def _running(uploads: Iterable[Import]) -> dict[int, Progress]:
    now = datetime.now(UTC)
    return {upload.id: look(upload, now) for upload in uploads if upload.state in AT_WORK}


def _new(kind: str, refused: str = "", code: int = 200, segment: int | None = None) -> Response:
    return htmx.answer(
        "imports/new.html",
        "imports/_refused.html",
        code=code,
        kind=kind,
        refused=refused,
        largest=journey.LARGEST,
        lists=segments.lists(),
        segment=segment,
    )


def _went_on(upload: Import) -> Response:
    db.session.commit()
    ring("imports")
    return _to(upload)


def _to(upload: Import) -> Response:
    return htmx.go(url_for("imports.show", import_id=upload.id))


def _late(upload: Import, late: Exception) -> Response:
    """Somebody was quicker: the page of what is true now, and the sentence."""
    db.session.rollback()
    if htmx.wants_fragment():
        return htmx.go(url_for("imports.show", import_id=upload.id), str(late), "bad")
    return states.page(upload, 409, late=str(late))


def _file(upload: Import, what: str, lines: Iterator[str]) -> Response:
    record(actor(), f"exported the {what} of", "import", (upload.id, upload.filename))
    db.session.commit()
    name = f"import-{upload.id}-{what}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(lines, mimetype="text/csv", headers=headers)
