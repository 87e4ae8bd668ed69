"""Settings → Tracking."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response, request, url_for

from app import htmx
from app.access import actor, may
from app.blueprints.settings.saving import changed_meanwhile, typed, version_sent
from app.db import db
from app.settings import tracking
from app.settings.setting import ChangedMeanwhile
from app.settings.tracking import Tracking

door = Blueprint("settings_tracking", __name__, url_prefix="/settings/tracking")
SWITCHES, WORDS = ("opens", "clicks", "hidden", "transactional", "utm"), ("utm_source", "utm_medium")


@door.get("")
@may("administer")
def show() -> Response:
    held, version = tracking.versioned()
    return _page(held, version, {})


@door.post("")
@may("administer")
def save() -> Response:
    sent = msgspec.convert({name: name in request.form for name in SWITCHES} | typed(*WORDS), Tracking)
    if errors := tracking.problems(sent):
        return _again(sent, errors)
    try:
        tracking.save(sent, version_sent(), actor())
    except ChangedMeanwhile:
        return _again(sent, changed_meanwhile())
    db.session.commit()
    return htmx.go(url_for("settings_tracking.show"), "Saved. It is true for every mail that is drawn from now on.")


def _again(sent: Tracking, errors: dict[str, str]) -> Response:
    db.session.rollback()
    return _page(sent, version_sent(), errors, 422)


def _page(sent: Tracking, version: int, errors: dict[str, str], code: int = 200) -> Response:
    return htmx.answer("settings/tracking.html", code=code, sent=sent, version=version, errors=errors)
