"""/metrics: is it working? What came of the mails that were sent in some days, of all campaigns or of one."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, request

from app import htmx, wording
from app.access import may
from app.automations import keeping as automations
from app.blueprints.metrics import asked, tiles, viewing

door = Blueprint("metrics", __name__, url_prefix="/metrics")
# By domain; whoever runs their own mail is among the others.
MAILBOXES = {"gmail": "Gmail", "outlook": "Outlook", "yahoo": "Yahoo", "icloud": "iCloud", "others": "Others"}


@door.get("")
@may("read")
def index() -> Response:
    wanted = asked.read(request.args, datetime.now(UTC), wording.zone())
    view = viewing.of(wanted.scope, wanted.sort)
    return htmx.answer(
        "metrics/index.html",
        asked=wanted,
        scope=wanted.scope,
        view=view,
        tiles=tiles.of(view.total, view.before),
        campaign=_campaign(wanted.scope.automation_id),
        MAILBOXES=MAILBOXES,
    )


def _campaign(automation_id: int | None) -> str:
    if automation_id is None:
        return ""
    found = automations.find(automation_id) or abort(404)
    return found.name
