"""Settings → Conversions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, url_for

from app import htmx
from app.access import actor, may
from app.audit import record
from app.blueprints.settings.saving import changed_meanwhile, number, typed, version_sent
from app.db import db
from app.queue import ring
from app.settings import conversions, targets
from app.settings.conversions import Conversions
from app.settings.setting import ChangedMeanwhile
from app.settings.targets import Targets
from app.tracking import recounting

door = Blueprint("settings_conversions", __name__, url_prefix="/settings/conversions")
RULES = {
    "last_click": ("Last click", "The mail whose link the person followed last, in the five days before."),
    "last_send": ("Last mail", "The last mail that the person got in the five days before, followed or not."),
    "first_click": ("First click", "The mail whose link the person followed first, in the five days before."),
}

AIMS = {
    "opened": ("Opened, more than", "Of the mails that arrived."),
    "clicked": ("Clicked, more than", "Of the mails that arrived."),
    "converted": ("Converted, more than", "Of the mails that arrived."),
    "abandoned": ("Carts abandoned, less than", "Of the carts begun a day ago or earlier."),
    "recovered": ("Carts recovered, more than", "Of the reminders sent for abandoned carts."),
}


@door.get("")
@may("administer")
def show() -> Response:
    held, version = conversions.versioned()
    if htmx.wants_fragment():
        return htmx.answer("settings/_recount.html", left=recounting.left())
    return _page(_said(held), version, {})


@door.post("")
@may("administer")
def save() -> Response:
    written = typed("rule", "cost", "currency")
    sent = Conversions(rule=written["rule"], cost=number(written["cost"]), currency=written["currency"].upper())
    if errors := conversions.problems(sent):
        return _again(written, errors)
    is_other = sent.rule != conversions.read().rule
    try:
        conversions.save(sent, version_sent(), actor())
    except ChangedMeanwhile:
        return _again(written, changed_meanwhile())
    if is_other:
        recounting.begin()
    db.session.commit()
    ring("tracking.recount")
    ahead = " What was counted so far is being counted again by the new rule." if is_other else ""
    return htmx.go(url_for("settings_conversions.show"), f"Conversions saved.{ahead}")


@door.post("/targets")
@may("administer")
def aim() -> Response:
    written = typed(*AIMS)
    rates = {name: number(said) for name, said in written.items()}
    sent = Targets(**{name: -1.0 if rate is None else rate for name, rate in rates.items()})
    if errors := targets.problems(sent):
        return _aimed(written, version_sent(), errors)
    try:
        targets.save(sent, version_sent(), actor())
    except ChangedMeanwhile:
        db.session.rollback()
        return _aimed(written, version_sent(), changed_meanwhile())
    db.session.commit()
    return htmx.go(url_for("settings_conversions.show"), "Targets saved.")


@door.post("/recounts")
@may("administer")
def recount() -> Response:
    recounting.begin()
    record(actor(), "counted again", "settings", (conversions.NAME, "Conversions"))
    db.session.commit()
    ring("tracking.recount")
    return htmx.go(url_for("settings_conversions.show"), "Everything is being counted again.")


def _aimed(written: Mapping[str, str], version: int, errors: dict[str, str]) -> Response:
    held, own = conversions.versioned()
    return _page(_said(held), own, {}, 422, aims=written, aims_version=version, aims_errors=errors)


def _said(held: Conversions) -> dict[str, str]:
    cost = "" if held.cost is None else f"{held.cost:g}"
    return {"rule": held.rule, "cost": cost, "currency": held.currency}


def _again(written: Mapping[str, str], errors: dict[str, str]) -> Response:
    db.session.rollback()
    return _page(written, version_sent(), errors, 422)


def _page(sent: Mapping[str, str], version: int, errors: dict[str, str], code: int = 200, **said: Any) -> Response:
    aims, aims_version = targets.versioned()
    told = {
        "aims": {name: f"{getattr(aims, name):g}" for name in AIMS},
        "aims_version": aims_version,
        "aims_errors": {},
    }
    return htmx.answer(
        "settings/conversions.html",
        code=code,
        sent=sent,
        version=version,
        errors=errors,
        rules=RULES,
        left=recounting.left(),
        aim_fields=AIMS,
        **{**told, **said},
    )
