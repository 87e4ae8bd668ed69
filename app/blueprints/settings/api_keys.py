"""Settings → API keys."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, request, url_for

from app import htmx
from app.access import actor, may
from app.accounts import api_keys
from app.accounts.api_key import ApiKey
from app.blueprints import asking
from app.blueprints.settings.saving import typed
from app.db import db

door = Blueprint("settings_api_keys", __name__, url_prefix="/settings/api-keys")


@door.get("")
@may("administer")
def index() -> Response:
    listing = api_keys.LISTING
    ask = asking.read(listing)
    return htmx.answer(
        "settings/api_keys/index.html",
        "settings/api_keys/_results.html",
        listing=listing,
        ask=ask,
        page=listing.page(api_keys.everything(), ask),
    )


@door.get("/new")
@may("administer")
def new() -> Response:
    return _form("", [], {})


@door.post("")
@may("administer")
def create() -> Response:
    """Answered at once and never by a redirect: the key must not stand in an address, a cookie or a table."""
    name, scopes = typed("name")["name"], request.form.getlist("scope")
    if errors := api_keys.problems(name, scopes):
        return _form(name, scopes, errors, 422)
    key, written = api_keys.create(name, scopes, actor())
    db.session.commit()
    return htmx.answer("settings/api_keys/made.html", key=key, written=written)


@door.get("/<int:key_id>/revocation")
@may("administer")
def ask_to_revoke(key_id: int) -> Response:
    return htmx.answer("settings/api_keys/revocation.html", key=_in_use(key_id))


@door.post("/<int:key_id>/revocation")
@may("administer")
def revoke(key_id: int) -> Response:
    key = _in_use(key_id)
    api_keys.revoke(key, datetime.now(UTC), actor())
    db.session.commit()
    return htmx.go(url_for("settings_api_keys.index"), f"“{key.name}” no longer opens anything.")


def _in_use(key_id: int) -> ApiKey:
    key = api_keys.get(key_id)
    return key if key and key.revoked_at is None else abort(404)


def _form(name: str, scopes: list[str], errors: dict[str, str], code: int = 200) -> Response:
    said = api_keys.SCOPES_SAID
    return htmx.answer("settings/api_keys/new.html", code=code, name=name, chosen=scopes, scopes=said, errors=errors)
