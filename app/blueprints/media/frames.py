"""What a text or a block looks like, in a frame of its own: nothing in it can run, or reach the page around it."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request

from app.access import may
from app.blueprints.media import found, typed
from app.content import snippets

door = Blueprint("media_frames", __name__, url_prefix="/media")
SEALED = "; ".join(
    (
        "default-src 'none'",
        "img-src 'self' http: https: data:",
        "style-src 'unsafe-inline'",
        "font-src https:",
        "frame-ancestors 'self'",
        "sandbox",
    )
)


@door.get("/<int:medium_id>/frame")
@may("read")
def show(medium_id: int) -> Response:
    medium = found(medium_id)
    if medium.body is None:
        abort(404)
    return _shown(medium.kind, medium.body)


@door.post("/frame")
@may("edit")
def preview() -> Response:
    """As it is typed, before it is saved."""
    return _shown(request.form.get("kind", ""), typed()["body"])


def framed(html: str) -> Response:
    """Somebody's HTML within our pages: it shows itself, and nothing more."""
    response = Response(html)
    response.headers["Content-Security-Policy"] = SEALED
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _shown(kind: str, body: str) -> Response:
    problems = snippets.problems(kind, body)
    return framed(render_template("media/frame_bad.html", problems=problems) if problems else snippets.html(kind, body))
