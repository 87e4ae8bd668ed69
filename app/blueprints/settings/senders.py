"""Settings → Senders."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, request, url_for

from app import htmx
from app.access import actor, may
from app.audit import record
from app.automations import using
from app.blueprints.settings.saving import typed
from app.db import db
from app.deliveries import verification
from app.queue import ring
from app.settings import senders
from app.settings.sender import Sender

door = Blueprint("settings_senders", __name__, url_prefix="/settings/senders")
FIELDS = ("name", "email", "reply_to")


@door.get("")
@may("administer")
def index() -> Response:
    return htmx.answer(
        "settings/senders/index.html",
        "settings/senders/_domains.html",
        senders=senders.everyone(),
        domains=verification.everything(),
        here=url_for("settings_senders.index"),
    )


@door.post("/checks")
@may("administer")
def check() -> Response:
    domain = request.form.get("domain", "").replace("\0", "")
    if not verification.again(domain, datetime.now(UTC)):
        abort(404)
    record(actor(), "looked up", "sender domain", (domain, domain))
    db.session.commit()
    ring("deliveries.check_senders")
    return htmx.go(url_for("settings_senders.index"), f"{domain} is looked up now. That takes a few seconds.")


@door.get("/new")
@may("administer")
def new() -> Response:
    return _form(None, {}, {})


@door.post("")
@may("administer")
def add() -> Response:
    sent = typed(*FIELDS)
    if errors := senders.problems(sent["name"], sent["email"], sent["reply_to"]):
        return _form(None, sent, errors, 422)
    sender = senders.add(**sent, by=actor())
    return _settled(sender, f"{sender.email} is a sender now.")


@door.get("/<int:sender_id>/edit")
@may("administer")
def edit(sender_id: int) -> Response:
    sender = senders.find(sender_id) or abort(404)
    return _form(sender, {"name": sender.name, "email": sender.email, "reply_to": sender.reply_to or ""}, {})


@door.post("/<int:sender_id>")
@may("administer")
def save(sender_id: int) -> Response:
    sender = senders.find(sender_id) or abort(404)
    sent = typed(*FIELDS)
    if errors := senders.problems(sent["name"], sent["email"], sent["reply_to"], but=sender):
        return _form(sender, sent, errors, 422)
    senders.change(sender, **sent, by=actor())
    return _settled(sender, f"{sender.email} saved.")


@door.post("/<int:sender_id>/default")
@may("administer")
def make_default(sender_id: int) -> Response:
    sender = senders.find(sender_id) or abort(404)
    senders.make_default(sender, actor())
    return _settled(sender, f"New mail comes from {sender.email}.")


@door.post("/<int:sender_id>/removal")
@may("administer")
def remove(sender_id: int) -> Response:
    sender = senders.find(sender_id) or abort(404)
    if users := using.of_sender(sender_id):
        said = f"{sender.email} stays: {', '.join(f'“{name}”' for name in users)} would go out under another address."
        return htmx.go(url_for("settings_senders.index"), said, "warn")
    senders.remove(sender, actor())
    verification.settle(datetime.now(UTC))
    db.session.commit()
    ring("deliveries.check_senders")
    return htmx.go(url_for("settings_senders.index"), f"{sender.email} removed.")


def _settled(sender: Sender, said: str) -> Response:
    """With what is known of its domain."""
    verification.settle(datetime.now(UTC))
    db.session.commit()
    ring("deliveries.check_senders")
    refused, known = verification.refusal(sender.email), verification.of(sender.email)
    looked = "" if known.checked_at else f"{known.domain} is looked up now."
    tone = "warn" if refused else "good"
    return htmx.go(url_for("settings_senders.index"), f"{said} {refused or looked}".rstrip(), tone)


def _form(sender: Sender | None, sent: dict[str, str], errors: dict[str, str], status: int = 200) -> Response:
    return htmx.answer(
        "settings/senders/form.html",
        code=status,
        sender=sender,
        sent=sent,
        errors=errors,
        domains=[verification.of(sender.email)] if sender else [],
        here=sender and url_for("settings_senders.edit", sender_id=sender.id),
    )
