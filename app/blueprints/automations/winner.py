"""Which version of its mail does best; one of them becomes the mail for everybody."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, request, url_for

from app import htmx
from app.access import actor, may
from app.automations import keeping
from app.automations.automation import Automation
from app.automations.keeping import Changed, NotReady
from app.blueprints import splits
from app.blueprints.automations import found
from app.blueprints.merges import number
from app.blueprints.settings.saving import version_sent
from app.db import db

door = Blueprint("automation_winner", __name__, url_prefix="/automations/<int:automation_id>/versions")


@door.get("")
@may("read")
def show(automation_id: int) -> Response:
    """Counting may take a second, so pages ask for it by themselves."""
    automation = found(automation_id)
    split = splits.of_automation(automation)
    return htmx.answer("automations/versions.html", "automations/_versions.html", automation=automation, split=split)


@door.post("")
@may("send")
def choose(automation_id: int) -> Response:
    automation = found(automation_id)
    place = number(request.form.get("number")) - 1
    try:
        held = keeping.choose(automation, place, version_sent(), datetime.now(UTC), actor())
    except NotReady as unready:
        return _not(automation, str(unready))
    except Changed:
        return _not(automation, "Somebody has changed it meanwhile: look at it once more.")
    db.session.commit()
    return htmx.go(url_for("automations.show", automation_id=automation_id), f"“{held.name}” is one mail again.")


def _not(automation: Automation, said: str) -> Response:
    db.session.rollback()
    return htmx.go(url_for("automations.show", automation_id=automation.id), said, "warn")
