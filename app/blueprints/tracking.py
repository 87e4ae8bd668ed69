"""/track: the pixel and the links of mails, for whoever holds one. No cookie, no session, no database on the way."""

from __future__ import annotations

from base64 import b64decode

from flask import Blueprint, Response, abort, render_template, request
from werkzeug.exceptions import NotFound, ServiceUnavailable
from werkzeug.urls import iri_to_uri

from app.access import public
from app.blueprints.public import quiet, seen
from app.deliveries import targets, tracks
from app.deliveries.tracks import Track

door = Blueprint("tracking", __name__, url_prefix=quiet.TRACK)
quiet.keep(door, "public/bare.html")  # its page asks the database for nothing

GIF = b64decode("R0lGODlhAQABAPAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
SECONDS = 5  # until somebody may try again


@door.get("/open/<token>.gif")
@public
def open_(token: str) -> Response:
    """A picture, whatever was asked for: mail programs show a broken one."""
    if track := tracks.read(token):
        seen.note("open", track.delivery_id)
    return Response(GIF, mimetype="image/gif")


@door.get("/click/<path:written>")
@public
def click(written: str) -> Response:
    """`written`: the token and the place of the link. Whatever is wrong with them, the answer is the same."""
    token, _, number = written.partition("/")
    track, place = tracks.read(token), _place(number)
    if track is None or place is None:
        raise NotFound
    target = _target(track, token, place)
    answer = _away(tracks.tagged(track, target)) if target else _nothing()
    seen.note("click", track.delivery_id, place)
    return answer


def _place(number: str) -> int | None:
    """As it was written, and in no second way."""
    is_one = number.isascii() and number.isdecimal() and len(number) < 6 and str(int(number)) == number
    return int(number) if is_one else None


def _target(track: Track, token: str, place: int) -> str | None:
    """None for the link that no person sees."""
    if "to" in request.args:
        return tracks.moved(token, place, request.args["to"], request.args.get("seal", "")) or abort(404)
    try:
        known = targets.kept(track.version_id, track.mark)
    except targets.Away:
        raise ServiceUnavailable(retry_after=SECONDS) from None
    if known is None or place > len(known):
        raise NotFound
    return None if place == len(known) else known[place] or abort(404)


def _away(target: str) -> Response:
    try:
        return Response(status=302, headers={"Location": target if target.isascii() else iri_to_uri(target)})
    except ValueError:
        raise NotFound from None


def _nothing() -> Response:
    """Followed by programs that follow everything."""
    return Response(render_template("public/bare.html", title="Nothing to see here", said="This page is empty."))
