"""Who would get what at this moment, of an automation that answers what people do in the shop: nothing is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort

from app import htmx
from app.access import may
from app.automations import callers, triggers
from app.automations import variants as mails
from app.automations.automation import Automation
from app.automations.behaviours import previewing, settings
from app.automations.behaviours.previewing import Preview
from app.blueprints.automations import called_mail, found, sent, sent_behaviour, shown_behaviour, variants
from app.blueprints.merges import number
from app.blueprints.settings.saving import typed
from app.db import db
from app.segments.unavailable import Unavailable

door = Blueprint("automation_called", __name__, url_prefix="/automations")


@dataclass(frozen=True)
class Asked:
    """Of an automation that is saved, or still being written; no trigger: it is not clear yet what is meant."""

    kind: str = ""
    trigger: Mapping[str, Any] = field(default_factory=dict)
    segment_id: int | None = None
    automation_id: int = 0
    template_id: int | None = None
    subject: str | None = None


@door.post("/called")
@may("edit")
def rehearse() -> Response:
    """Of the form that is being written; what is not clear yet is an answer to show beside it."""
    return _answer(_typed())


@door.post("/called/mail")
@may("edit")
def rehearse_mail() -> Response:
    return _mail(_typed(), number(typed("customer")["customer"]))


@door.get("/<int:automation_id>/called")
@may("read")
def show(automation_id: int) -> Response:
    automation = _behaviour(automation_id)
    return _answer(_of(automation), automation)


@door.get("/<int:automation_id>/called/<int:customer_id>")
@may("read")
def show_mail(automation_id: int, customer_id: int) -> Response:
    automation = _behaviour(automation_id)
    return _mail(_of(automation), customer_id, automation)


def _behaviour(automation_id: int) -> Automation:
    automation = found(automation_id)
    if triggers.kind_of(automation.trigger) != sent_behaviour.BEHAVIOUR:
        abort(404)
    return automation


def _of(automation: Automation) -> Asked:
    """Of several mails the first is shown."""
    mail = mails.said(automation)[0]
    template_id = mail.template.id if mail.template else None
    kind = automation.trigger["behaviour"]
    return Asked(kind, automation.trigger, automation.segment_id, automation.id, template_id, mail.instead)


def _typed() -> Asked:
    form, now = sent.fields(), datetime.now(UTC)
    if form["when"] not in settings.KINDS:
        return Asked()
    trigger, faults = sent_behaviour.trigger(form, now, None)
    first: Mapping[str, Any] = next(iter(variants.wanted(form)["variants"]), {})
    return Asked(
        form["when"],
        {} if faults or triggers.problems(trigger, "UTC", now) else trigger,
        sent.id_of(form["segment_id"]),
        0,
        first.get("template_id") or sent.id_of(form["template_id"]),
        first.get("subject") or form["subject"] or None,
    )


def _answer(asked: Asked, automation: Automation | None = None) -> Response:
    """What takes too long is no failure of the page."""
    preview, why = None, ""
    try:
        preview = _previewed(asked)
    except Unavailable as unavailable:
        why = unavailable.said
    db.session.rollback()  # nothing is kept of it
    return htmx.answer(
        "automations/called.html",
        "automations/_called.html",
        automation=automation,
        asked=asked,
        preview=preview,
        rows=[(row, shown_behaviour.about(row.facts)) for row in preview.rows] if preview else [],
        nobody=shown_behaviour.NOBODY.get(asked.kind, ""),
        why=why,
    )


def _mail(asked: Asked, customer_id: int, automation: Automation | None = None) -> Response:
    facts = _facts(asked, customer_id)
    db.session.rollback()
    drawn = called_mail.of(asked.template_id, asked.subject, customer_id, facts)
    return htmx.answer(
        "automations/called_mail.html", "automations/_called_mail.html", drawn=drawn, automation=automation
    )


def _facts(asked: Asked, customer_id: int) -> Mapping[str, Any] | None:
    try:
        preview = _previewed(asked)
    except Unavailable:
        return None
    return next((row.facts for row in preview.rows if row.customer_id == customer_id), None) if preview else None


def _previewed(asked: Asked) -> Preview | None:
    if not asked.trigger:
        return None
    return previewing.of(asked.trigger, asked.segment_id, datetime.now(UTC), callers.SHOWN, asked.automation_id)
