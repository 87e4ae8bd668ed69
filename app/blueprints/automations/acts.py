"""What is done with a whole automation: copied, archived, brought back, deleted."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, url_for

from app import htmx
from app.access import actor, may
from app.automations import directory, keeping
from app.blueprints.automations import found, to_end
from app.db import db

door = Blueprint("automation_acts", __name__, url_prefix="/automations/<int:automation_id>")


@door.post("/duplicates")
@may("edit")
def duplicate(automation_id: int) -> Response:
    copy = keeping.duplicate(found(automation_id), datetime.now(UTC), actor())
    db.session.commit()
    said = "This is the copy, not active yet. The first one is as it was."
    return htmx.go(url_for("automations.edit", automation_id=copy.id), said)


@door.post("/archive")
@may("edit")
def archive(automation_id: int) -> Response:
    automation = to_end(automation_id)
    keeping.archive(automation, datetime.now(UTC), actor())
    db.session.commit()
    said = f"“{automation.name}” is archived, and acts no more. Runs that are on their way go on."
    return htmx.go(url_for("automations.show", automation_id=automation_id), said)


@door.post("/restoration")
@may("edit")
def restore(automation_id: int) -> Response:
    automation = found(automation_id)
    keeping.restore(automation, actor())
    db.session.commit()
    said = f"“{automation.name}” is back in the lists. It is not active."
    return htmx.go(url_for("automations.show", automation_id=automation_id), said)


@door.get("/deletion")
@may("edit")
def ask_to_delete(automation_id: int) -> Response:
    automation = found(automation_id)
    return htmx.answer("automations/deletion.html", automation=automation, runs=directory.runs_of(automation))


@door.post("/deletion")
@may("edit")
def delete(automation_id: int) -> Response:
    automation = to_end(automation_id)
    name = automation.name
    keeping.delete(automation, actor())
    db.session.commit()
    return htmx.go(url_for("automations.index"), f"“{name}” is deleted. Its runs are still there.")
