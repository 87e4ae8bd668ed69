"""Settings → Brakes."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, url_for

from app import htmx
from app.access import actor, may
from app.blueprints.settings.saving import changed_meanwhile, number, typed, version_sent
from app.db import db
from app.deliveries.braking import LEAST
from app.settings import brakes
from app.settings.brakes import Brakes
from app.settings.setting import ChangedMeanwhile

door = Blueprint("settings_brakes", __name__, url_prefix="/settings/brakes")
FIELDS = Brakes.__struct_fields__


@door.get("")
@may("administer")
def show() -> Response:
    held, version = brakes.versioned()
    limits = {name: getattr(held, name) for name in FIELDS}
    written = {name: "" if limit is None else f"{limit:g}" for name, limit in limits.items()}
    return _page(written, version, {})


@door.post("")
@may("administer")
def save() -> Response:
    written = typed(*FIELDS)
    sent = Brakes(**{name: number(text) for name, text in written.items()})
    if errors := brakes.problems(sent):
        return _again(written, errors)
    try:
        brakes.save(sent, version_sent(), actor())
    except ChangedMeanwhile:
        return _again(written, changed_meanwhile())
    db.session.commit()
    return htmx.go(url_for("settings_brakes.show"), "Brakes saved. Runs on their way keep to them, too.")


def _again(written: Mapping[str, str], errors: dict[str, str]) -> Response:
    db.session.rollback()
    return _page(written, version_sent(), errors, 422)


def _page(sent: Mapping[str, str], version: int, errors: dict[str, str], code: int = 200) -> Response:
    return htmx.answer("settings/brakes.html", code=code, sent=sent, version=version, errors=errors, least=LEAST)
