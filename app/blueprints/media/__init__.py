"""The media library: what there is to pick from, each with who uses it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, request, url_for
from flask.typing import ResponseReturnValue

from app import htmx
from app.access import actor, may, takes
from app.blueprints import asking
from app.blueprints.media.arrival import Arrival
from app.blueprints.settings.saving import version_sent
from app.content import media, pictures
from app.content.medium import KINDS, Medium
from app.content.pictures import NoPicture, Picture
from app.db import db

door = Blueprint("media", __name__, url_prefix="/media")
LARGEST = pictures.LARGEST + 1024 * 1024  # a poster, and what stands in the form around it
MADE = ("video", "text", "mjml")  # images come as files
FIELDS = ("name", "tags", "alt", "url")
MOST_PICKED = 24


@door.context_processor
def words() -> dict[str, Any]:
    return {"KINDS_SAID": media.SAID, "largest_picture": pictures.LARGEST}


@door.get("")
@may("read")
def index() -> ResponseReturnValue:
    if request.args.get("field"):
        return asking.moved_to_filter("media.index")
    listing = media.listing()
    ask = asking.read(listing)
    page = listing.page(media.everything(), ask)
    return htmx.answer("media/index.html", "media/_results.html", listing=listing, ask=ask, page=page)


@door.get("/pick")
@may("read")
def pick() -> Response:
    """For whoever writes a mail: images and videos, each with what a press on it fills in."""
    q = request.args.get("q", "")[:200]
    found = media.pick(q, MOST_PICKED)
    return htmx.answer("media/pick.html", "media/_pick.html", found=found, q=q, most=MOST_PICKED)


@door.get("/new")
@may("edit")
def new() -> Response:
    kind = request.args.get("kind", "")
    return form(kind, None, {}) if kind in MADE else htmx.answer("media/new.html")


@door.post("")
@may("edit")
@takes(LARGEST)
def create() -> Response:
    kind, said = request.form.get("kind", ""), typed()
    if kind not in MADE:
        return htmx.answer("media/new.html", code=422)
    picture, errors = _read(kind, said)
    if kind == "video" and not picture:
        errors.setdefault("poster", "A video needs a picture that people see before they play it.")
    if errors:
        return form(kind, None, said, errors, 422)
    medium = media.add(kind, said, picture, datetime.now(UTC), actor())
    db.session.commit()
    return htmx.go(url_for("media.show", medium_id=medium.id), f"“{medium.name}” is in the library.")


@door.get("/<int:medium_id>")
@may("read")
def show(medium_id: int) -> Response:
    medium = found(medium_id)
    return htmx.answer("media/show.html", medium=medium, used_by=media.users(medium))


@door.get("/<int:medium_id>/edit")
@may("edit")
def edit(medium_id: int) -> Response:
    medium = found(medium_id)
    return form(medium.kind, medium, held(medium))


@door.post("/<int:medium_id>")
@may("edit")
@takes(LARGEST)
def save(medium_id: int) -> Response:
    medium, said = found(medium_id), typed()
    picture, errors = _read(medium.kind, said)
    if errors:
        return form(medium.kind, medium, said, errors, 422)
    try:
        by_these = media.change(medium, said, version_sent(), datetime.now(UTC), actor(), picture)
    except media.Changed:
        db.session.rollback()
        return form(medium.kind, medium, said, code=409)
    db.session.commit()
    return _saved(medium, by_these)


@door.post("/<int:medium_id>/words")
@may("edit")
def describe(medium_id: int) -> Response:
    """The name, tags and alternative text alone, as they are asked for right after a file came in."""
    medium = found(medium_id)
    said = held(medium) | {name: value for name, value in typed().items() if name in request.form}
    errors = media.problems(medium.kind, said)
    try:
        if not errors:
            media.change(medium, said, version_sent(), datetime.now(UTC), actor())
            db.session.commit()
    except media.Changed:
        db.session.rollback()
        errors = {"name": "Somebody else has changed it meanwhile. Open it to see."}
    arrival = Arrival(medium.name, medium, said=said, errors=errors, is_saved=not errors)
    code = 422 if errors else 200
    answer = htmx.answer("media/uploaded.html", "media/_kept.html", code=code, arrivals=[arrival], arrival=arrival)
    answer.headers["HX-Trigger"] = "media-changed"
    return answer


@door.get("/<int:medium_id>/deletion")
@may("edit")
def ask_to_delete(medium_id: int) -> Response:
    return _deletion(found(medium_id))


@door.post("/<int:medium_id>/deletion")
@may("edit")
def delete(medium_id: int) -> Response:
    medium = found(medium_id)
    name = medium.name
    try:
        media.delete(medium, actor())
    except media.Used:
        db.session.rollback()
        return _deletion(found(medium_id), 409)
    db.session.commit()
    return htmx.go(url_for("media.index"), f"“{name}” is deleted.")


def found(medium_id: int) -> Medium:
    return media.find(medium_id) or abort(404)


def typed() -> dict[str, str]:
    """A line holds nothing that does not print; a text keeps its lines."""
    lines = {name: "".join(c for c in request.form.get(name, "") if c.isprintable()).strip() for name in FIELDS}
    return lines | {"body": request.form.get("body", "").replace("\r\n", "\n").replace("\0", "")}


def held(medium: Medium) -> dict[str, str]:
    return {
        "name": medium.name,
        "tags": ", ".join(medium.tags),
        "alt": medium.alt,
        "url": medium.url or "",
        "body": medium.body or "",
    }


def form(
    kind: str, medium: Medium | None, said: dict[str, str], errors: dict[str, str] | None = None, code: int = 200
) -> Response:
    return htmx.answer(
        "media/form.html",
        code=code,
        kind=kind,
        medium=medium,
        said=said,
        errors=errors or {},
        is_late=code == 409,
        used_by=media.users(medium) if medium else [],
    )


def _read(kind: str, said: dict[str, str]) -> tuple[Picture | None, dict[str, str]]:
    """The poster, if one came, and everything that is wrong."""
    errors = media.problems(kind, said)
    file = request.files.get("poster") if kind == "video" else None
    if not file or not file.filename:
        return None, errors
    try:
        return pictures.read(file.stream.read(pictures.LARGEST + 1), as_poster=True), errors
    except NoPicture as refused:
        return None, errors | {"poster": str(refused)}


def _saved(medium: Medium, by_these: list[media.User]) -> Response:
    if by_these and medium.kind == "mjml":
        names = ", ".join(f"“{user.name}”" for user in by_these[:3]) + (" and others" if len(by_these) > 3 else "")
        flash(f"{names}: taken at the next publish.", "warn")
    return htmx.go(url_for("media.show", medium_id=medium.id), f"“{medium.name}” is saved.")


def _deletion(medium: Medium, code: int = 200) -> Response:
    return htmx.answer("media/deletion.html", code=code, medium=medium, used_by=media.users(medium))


assert set(MADE) < set(KINDS)
