"""Alerts: what went wrong, what became of it, and that somebody has seen to it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from app import htmx
from app.access import actor, may
from app.alerts import directory, keeping
from app.blueprints import asking, returning
from app.db import db

door = Blueprint("alerts", __name__, url_prefix="/alerts")


@door.app_context_processor
def _words() -> dict[str, Any]:
    return {"standing_alerts": directory.count}


@door.get("")
@may("read")
def index() -> ResponseReturnValue:
    if request.args.get("field"):
        return asking.moved_to_filter("alerts.index")
    listing = directory.LISTING
    ask = asking.read(listing)
    page = listing.page(directory.everything(), ask)
    return htmx.answer("alerts/index.html", "alerts/_results.html", listing=listing, ask=ask, page=page)


@door.post("/<int:alert_id>/dismissal")
@may("send")
def dismiss(alert_id: int) -> Response:
    alert = keeping.find(alert_id) or abort(404)
    said = "It is dismissed." if keeping.dismiss(alert.id, actor()) else "It is settled already."
    db.session.commit()
    return htmx.go(returning.wanted(), said)
