"""The style guide: every piece that pages are made of, in its states, drawn by the macros themselves."""

from __future__ import annotations

from flask import Blueprint, Response

from app import htmx
from app.access import may

door = Blueprint("pieces", __name__, url_prefix="/pieces")


@door.get("")
@may("read")
def show() -> Response:
    return htmx.answer("pieces/show.html")
