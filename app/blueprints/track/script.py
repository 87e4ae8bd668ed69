"""GET /track.js: what a page of the shop loads to tell us what happens there. For every site, kept for an hour."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, current_app, request

from app.access import public

door = Blueprint("track_script", __name__)

AN_HOUR = 3600


@door.get("/track.js")
@public
def show() -> Response:
    source, digest = _read(Path(current_app.static_folder or "") / "js" / "track.js")
    response = Response(source, mimetype="text/javascript")
    response.cache_control.public, response.cache_control.max_age = True, AN_HOUR
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.set_etag(digest)
    response.make_conditional(request)
    return response


@cache
def _read(path: Path) -> tuple[bytes, str]:
    source = _squeezed(path.read_text()).encode()
    return source, hashlib.blake2b(source, digest_size=8).hexdigest()


def _squeezed(source: str) -> str:
    """Without what only we read: no line of it is part of a longer text."""
    lines = (line.strip() for line in source.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))
