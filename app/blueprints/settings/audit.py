"""Settings → Audit trail."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app import htmx, wording
from app.access import may
from app.accounts import directory
from app.audit import trail
from app.blueprints import asking

door = Blueprint("settings_audit", __name__, url_prefix="/settings/audit")


@door.get("")
@may("administer")
def index() -> ResponseReturnValue:
    if request.args.get("field"):
        return asking.moved_to_filter("settings_audit.index")
    listing = trail.listing(wording.zone(), directory.names())
    ask = asking.read(listing)
    return htmx.answer(
        "settings/audit/index.html",
        "settings/audit/_results.html",
        listing=listing,
        ask=ask,
        page=listing.page(trail.entries(), ask),
        differences=trail.differences,
    )
