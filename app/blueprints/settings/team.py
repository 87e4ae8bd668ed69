"""Settings → Team."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, request, url_for

from app import htmx
from app.access import actor, may
from app.automations import schedule
from app.blueprints.settings.saving import changed_meanwhile, version_sent
from app.db import db
from app.settings import team
from app.settings.setting import ChangedMeanwhile

door = Blueprint("settings_team", __name__, url_prefix="/settings/team")


@door.get("")
@may("administer")
def show() -> Response:
    held, version = team.read()
    return htmx.answer("settings/team.html", team=held, version=version, zones=team.zones(), errors={})


@door.post("")
@may("administer")
def save() -> Response:
    sent = team.Team(timezone=request.form.get("timezone", ""))
    errors = team.problems(sent)
    if errors:
        return _again(sent, errors)
    try:
        team.save(sent, version_sent(), actor())
    except ChangedMeanwhile:
        return _again(sent, changed_meanwhile())
    db.session.expire_all()  # the zone was written past what is held of it
    schedule.refresh(datetime.now(UTC))
    db.session.commit()
    return htmx.go(url_for("settings_team.show"), "Saved. Days now begin at midnight in " + sent.timezone + ".")


def _again(sent: team.Team, errors: dict[str, str]) -> Response:
    db.session.rollback()
    return htmx.answer(
        "settings/team.html", code=422, team=sent, version=version_sent(), zones=team.zones(), errors=errors
    )
