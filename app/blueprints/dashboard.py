"""The overview: what came in, what waits, what needs a person."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response

from app import htmx, wording
from app.access import may, person
from app.blueprints.metrics import tiles
from app.ops import overview

door = Blueprint("dashboard", __name__)


@door.get("/")
@may("read")
def show() -> Response:
    now = datetime.now(UTC)
    zone = wording.zone()
    view = overview.at(now, zone)
    needs = [concern for concern in view.concerns if person().may(concern.right)]
    return htmx.answer(
        "dashboard/show.html",
        here=now.astimezone(zone),
        view=view,
        needs=needs,
        tiles=tiles.few(view.mail, view.mail_before),
    )
