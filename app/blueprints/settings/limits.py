"""Settings → Limits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, url_for

from app import htmx
from app.access import actor, may
from app.blueprints import limit_fields
from app.blueprints.settings.saving import changed_meanwhile, typed, version_sent
from app.db import db
from app.deliveries import holding, warming
from app.settings import limits, setting, team
from app.settings.setting import ChangedMeanwhile

WARM_UP = ("start", "growth", "ceiling", "begun")
FIELDS = (*limit_fields.WORDS, *(f"warm_{name}" for name in WARM_UP))
PLACES = {"warm_up": "warm_start", **{f"warm_up.{name}": f"warm_{name}" for name in WARM_UP}}
door = Blueprint("settings_limits", __name__, url_prefix="/settings/limits")


@door.get("")
@may("administer")
def show() -> Response:
    held, version = limits.read()
    return _page(_shown(held), version, {}, held)


@door.post("")
@may("administer")
def save() -> Response:
    sent = typed(*FIELDS)
    wanted = _meant(sent)
    if problems := limits.problems(wanted):
        return _again(sent, limit_fields.placed(problems, PLACES))
    try:
        limits.save(limits.of(wanted), version_sent(), actor())
    except ChangedMeanwhile:
        return _again(sent, changed_meanwhile())
    holding.wake()
    db.session.commit()
    return htmx.go(url_for("settings_limits.show"), "Saved. It is true for all mail that has not gone out yet.")


def _meant(sent: dict[str, str]) -> dict[str, Any]:
    """A plan without a first day is none, whatever else stands there; one without a beginning begins today."""
    found = limit_fields.meant(sent)
    if sent["warm_start"]:
        found["warm_up"] = {
            "start": limit_fields.whole(sent["warm_start"]),
            "growth": limit_fields.number(sent["warm_growth"]),
            "ceiling": limit_fields.whole(sent["warm_ceiling"]),
            "begun": sent["warm_begun"] or _today(),
        }
    return found


def _shown(held: limits.Limits) -> dict[str, str]:
    found = limit_fields.shown(setting.plain(held))
    plan = held.warm_up
    if plan:
        found |= {"warm_start": str(plan.start), "warm_growth": f"{plan.growth:g}"}
        found |= {"warm_ceiling": str(plan.ceiling), "warm_begun": plan.begun.isoformat()}
    return found


def _today() -> str:
    return datetime.now(UTC).astimezone(team.zone()).date().isoformat()


def _again(sent: dict[str, str], errors: dict[str, str]) -> Response:
    db.session.rollback()
    return _page(sent, version_sent(), errors, limits.current(), 422)


def _page(sent: dict[str, str], version: int, errors: dict[str, str], held: limits.Limits, code: int = 200) -> Response:
    now = datetime.now(UTC)
    most = held.warm_up.most_on(now.astimezone(team.zone()).date()) if held.warm_up else None
    return htmx.answer(
        "settings/limits.html",
        code=code,
        sent=sent,
        version=version,
        errors=errors,
        most=most,
        used=warming.used(now) if most else 0,
        today=_today(),
    )
