"""The switch that stops all mail, and who threw it."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for

from app import htmx
from app.access import actor, may
from app.blueprints.settings.saving import version_sent
from app.db import db
from app.deliveries import stopping
from app.queue import ring
from app.settings.setting import ChangedMeanwhile

door = Blueprint("stopping", __name__, url_prefix="/runs/stop")


@door.get("")
@may("send")
def ask() -> Response:
    return _asked()


@door.post("")
@may("send")
def throw() -> Response:
    wanted = request.form.get("is_stopped") == "yes"
    try:
        stopping.throw(wanted, version_sent(), actor())
    except ChangedMeanwhile:
        db.session.rollback()
        return _asked(409)
    db.session.commit()
    if not wanted:
        ring("deliveries.send")
    said = "All mail is stopped. What waits stays where it is." if wanted else "Mail goes out again."
    return htmx.go(url_for("runs.index"), said)


def _asked(code: int = 200) -> Response:
    held, version = stopping.versioned()
    return htmx.answer("runs/stop.html", code=code, held=held, version=version, since=stopping.since())
