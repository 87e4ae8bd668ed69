"""Settings → Brand."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from app import htmx
from app.access import actor, may
from app.blueprints.settings.saving import changed_meanwhile, typed, version_sent
from app.db import db
from app.settings import brand
from app.settings.setting import ChangedMeanwhile

door = Blueprint("settings_brand", __name__, url_prefix="/settings/brand")


@door.get("")
@may("administer")
def show() -> Response:
    held, version = brand.read()
    return htmx.answer("settings/brand.html", sent=held, version=version, errors={})


@door.post("")
@may("administer")
def save() -> Response:
    sent = brand.Brand(**typed(*brand.Brand.__struct_fields__))
    errors = brand.problems(sent)
    if errors:
        return _again(sent, errors)
    try:
        brand.save(sent, version_sent(), actor())
    except ChangedMeanwhile:
        return _again(sent, changed_meanwhile())
    db.session.commit()
    return htmx.go(url_for("settings_brand.show"), "Brand saved.")


def _again(sent: brand.Brand, errors: dict[str, str]) -> Response:
    db.session.rollback()
    return htmx.answer("settings/brand.html", code=422, sent=sent, version=version_sent(), errors=errors)
