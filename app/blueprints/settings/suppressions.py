"""Settings → Suppressions: addresses that get nothing, added by hand or by a list, lifted with a reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import BinaryIO, cast

from flask import Blueprint, Response, abort, request, url_for
from flask.typing import ResponseReturnValue

from app import htmx
from app.access import actor, may, takes
from app.audit import record
from app.blueprints import asking
from app.blueprints.imports import choosing
from app.blueprints.settings.saving import typed
from app.consent import directory, suppressions
from app.consent.suppression import Suppression
from app.consent.suppressions import MayNotBeLifted
from app.db import db
from app.imports import suppression_list
from app.imports.suppression_list import NoList

door = Blueprint("settings_suppressions", __name__, url_prefix="/settings/suppressions")
LARGEST = 10 * 1024 * 1024  # about 300,000 addresses, some seconds
AROUND = 64 * 1024  # what stands in the form around the file
SHOWN = 100  # rejected lines


@door.get("")
@may("administer")
def index() -> ResponseReturnValue:
    if request.args.get("field"):
        return asking.moved_to_filter("settings_suppressions.index")
    ask = asking.read(directory.SUPPRESSIONS)
    page = directory.SUPPRESSIONS.page(directory.suppressed(), ask)
    return htmx.answer(
        "settings/suppressions/index.html",
        "settings/suppressions/_results.html",
        listing=directory.SUPPRESSIONS,
        ask=ask,
        page=page,
        owners=directory.owners(page.rows),
    )


@door.get("/new")
@may("administer")
def new() -> Response:
    return _form({}, {})


@door.post("")
@may("administer")
def add() -> Response:
    sent = typed("email", "note")
    if errors := suppressions.problems(**sent):
        return _form(sent, errors, 422)
    added = suppressions.add(**sent, now=datetime.now(UTC), by=actor())
    db.session.commit()
    if added is None:
        return htmx.go(url_for("settings_suppressions.index"), f"{sent['email']} was on the list already.")
    return htmx.go(url_for("settings_suppressions.index"), f"{added.email_folded} gets nothing from now on.")


@door.get("/list")
@may("administer")
def choose_list() -> Response:
    return _upload()


@door.post("/list")
@may("administer")
@takes(LARGEST + AROUND)
def upload() -> Response:
    file = request.files.get("file")
    if file is None or not file.filename:
        return _upload("Choose a file first.", 422)
    name, by = choosing.name_of(file), actor()
    try:
        tally = suppression_list.read_in(cast(BinaryIO, file.stream), f"{by.name}, {name}", datetime.now(UTC))
    except NoList as refused:
        db.session.rollback()
        return _upload(str(refused), 422)
    record(by, "uploaded", "suppressions", (None, name), None, {"new": tally.created, "more": tally.updated})
    db.session.commit()
    return htmx.answer("settings/suppressions/uploaded.html", name=name, tally=tally, shown=SHOWN)


@door.get("/<int:suppression_id>/lift")
@may("administer")
def ask_to_lift(suppression_id: int) -> Response:
    return _lift(suppressions.find(suppression_id) or abort(404))


@door.post("/<int:suppression_id>/lift")
@may("administer")
def lift(suppression_id: int) -> Response:
    suppression = suppressions.find(suppression_id) or abort(404)
    email, reason = suppression.email_folded, typed("reason")["reason"]
    try:
        suppressions.lift(suppression, reason, actor())
    except MayNotBeLifted as refused:
        return _lift(suppression, reason, str(refused))
    db.session.commit()
    return htmx.go(url_for("settings_suppressions.index"), f"{email} may get mail again.")


def _form(sent: dict[str, str], errors: dict[str, str], code: int = 200) -> Response:
    return htmx.answer("settings/suppressions/new.html", code=code, sent=sent, errors=errors)


def _upload(refused: str = "", code: int = 200) -> Response:
    return htmx.answer("settings/suppressions/upload.html", code=code, refused=refused, largest=LARGEST)


def _lift(suppression: Suppression, reason: str = "", refused: str = "") -> Response:
    return htmx.answer(
        "settings/suppressions/lift.html",
        code=422 if refused else 200,
        suppression=suppression,
        reason=reason,
        refused=refused,
        longest=suppressions.LONGEST_NOTE,
    )
