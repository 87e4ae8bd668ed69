"""The search over everything: each noun brings its few best matches."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app import htmx
from app.access import may, person
from app.blueprints.finding import everything
from app.listing import LONGEST_SEARCH, BadAsk

door = Blueprint("search", __name__, url_prefix="/search")


@door.get("")
@may("read")
def show() -> Response:
    q = request.args.get("q", "").strip()
    if len(q) > LONGEST_SEARCH:
        raise BadAsk(f"A search is at most {LONGEST_SEARCH} characters long.")
    return htmx.answer("search/show.html", "search/_found.html", q=q, groups=everything(q, person()) if q else [])
