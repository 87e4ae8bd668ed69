"""Files as they come and go: taken in from a person, handed out to whoever reads a mail."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePath

from flask import Blueprint, Response, abort, request
from werkzeug.datastructures import FileStorage

from app import htmx
from app.access import actor, may, public, takes
from app.blueprints.media import held, words
from app.blueprints.media.arrival import Arrival
from app.content import media, pictures
from app.content.pictures import NoPicture
from app.db import db

door = Blueprint("media_files", __name__, url_prefix="/media")
door.context_processor(words)
MOST_FILES = 20
LARGEST = MOST_FILES * pictures.LARGEST
A_YEAR = "public, max-age=31536000, immutable"
SEALED = "default-src 'none'; sandbox"  # should anything but a picture ever come out of here, it can do nothing


@door.post("/files")
@may("edit")
@takes(LARGEST)
def take() -> Response:
    files = [file for file in request.files.getlist("files") if file.filename]
    if not files:
        return htmx.answer("media/new.html", "media/_none.html", code=422, is_empty=True)
    arrivals = [_take(file) for file in files[:MOST_FILES]]
    arrivals += [Arrival(_name(file), refused=f"At most {MOST_FILES} at once.") for file in files[MOST_FILES:]]
    db.session.commit()
    code = 422 if any(one.refused for one in arrivals) else 200
    return htmx.answer("media/uploaded.html", "media/_uploaded.html", code=code, arrivals=arrivals)


@door.get("/files/<content_hash>")
@public
def show(content_hash: str) -> Response:
    """Its address never means another picture: kept for a year by whoever saw it once."""
    file = media.file(content_hash) or abort(404)
    response = Response(mimetype=file.mime)
    response.set_etag(file.content_hash)
    response.headers["Cache-Control"] = A_YEAR
    response.headers["Content-Security-Policy"] = SEALED
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if not request.if_none_match.contains(file.content_hash):
        response.set_data(file.content)
    response.make_conditional(request)
    return response


def _take(file: FileStorage) -> Arrival:
    name = _name(file)
    try:
        picture = pictures.read(file.stream.read(pictures.LARGEST + 1))
    except NoPicture as refused:
        return Arrival(name, refused=str(refused))
    if twin := media.twin(picture):
        return Arrival(name, twin, is_there_already=True, said=held(twin))
    said = {"name": PurePath(name).stem.replace("-", " ").replace("_", " ").strip() or "Picture"}
    medium = media.add("image", said, picture, datetime.now(UTC), actor())
    return Arrival(name, medium, said=held(medium))


def _name(file: FileStorage) -> str:
    printable = "".join(c for c in PurePath(file.filename or "").name if c.isprintable())
    return printable.strip()[: media.LONGEST_NAME] or "a file"
