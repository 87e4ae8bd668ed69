"""/api/v1/automations: when. Making one takes the scope “write”; putting it to work, and running it, “send”."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

import msgspec
from flask import Blueprint, Response

from app import access, running
from app.access import key
from app.automations import definition, directory, keeping, occasions, readiness, triggers, variants
from app.automations.automation import Automation
from app.automations.behaviours.settings import SPECS
from app.automations.definition import PROMOTIONAL, Definition
from app.automations.reactions import BEHAVIOUR
from app.blueprints.api import authored, automation_shapes, lists, reading, taking
from app.blueprints.api.answers import answer
from app.blueprints.api.automation_shapes import AutomationChange, KnownAutomation, KnownVariant, StartedRun, Variant
from app.blueprints.api.refusals import Refusal
from app.blueprints.api.shapes import said, those_said
from app.db import db
from app.problem import Problem
from app.receipts.idempotency import Answer
from app.settings import senders

door = Blueprint("api_automations", __name__, url_prefix="/api/v1/automations")
KEPT = {
    "name": "name",
    "description": "description",
    "customer_segment_id": "segment_id",
    "message_template_id": "template_id",
    "subject": "subject",
    "variants": "variants",
    "purpose": "purpose",
    "topic": "topic",
    "timezone": "timezone",
    "reply_to": "reply_to",
    "discount_pool_id": "discount_pool_id",
    "trigger": "trigger",
    "limits": "limits",
    "goal": "goal",
}
OUTSIDE = {inside: outside for outside, inside in KEPT.items()} | {"sender_id": "from"}
CLEARED: dict[str, Any] = {"description": "", "limits": {}, "variants": []}


@door.get("")
@key("read")
def index() -> Response:
    return answer(lists.page(directory.after, lambda rows: list(map(_known, rows)), automation_shapes.AutomationList))


@door.post("")
@key("write")
def create() -> Response:
    body = reading.body()
    return taking.once(body, lambda now: _create(body, now), bell="")


@door.get("/<int:automation_id>")
@key("read")
def show(automation_id: int) -> Response:
    return answer(_known(_find(automation_id)))


@door.patch("/<int:automation_id>")
@key("write")
def change(automation_id: int) -> Response:
    wanted, now = authored.wanted(reading.body(), AutomationChange), datetime.now(UTC)
    automation = _find(automation_id)
    kept = Definition(**(definition.of(automation).kept() | _parts(wanted)))
    _refuse(kept, now)
    try:
        held = keeping.change(automation, kept, said(wanted.version) or 0, now, authored.by(), may_send=_may_send())
    except keeping.Changed:
        raise authored.stale(automation.version) from None
    except keeping.MayNotSend as refused:
        raise Refusal(403, "forbidden", f"This key lacks the scope “send”. {refused}") from None
    except keeping.NotReady as unready:
        raise _not_ready(unready.problems) from None
    db.session.commit()
    return answer(_known(held))


@door.delete("/<int:automation_id>")
@key("write")
def delete(automation_id: int) -> Response:
    """Its runs stay, under its name."""
    automation = _find(automation_id)
    if automation.is_active and not _may_send():
        raise Refusal(403, "forbidden", "This key lacks the scope “send”, and the automation is active.")
    keeping.delete(automation, authored.by())
    db.session.commit()
    return Response(status=204)


@door.post("/<int:automation_id>/activation")
@key("send")
def activate(automation_id: int) -> Response:
    """It may come without a body: there is nothing to say."""
    body = reading.if_any()
    return taking.once(body, lambda now: _activate(automation_id, now), bell="")


@door.delete("/<int:automation_id>/activation")
@key("send")
def deactivate(automation_id: int) -> Response:
    held = keeping.deactivate(_find(automation_id), authored.by())
    db.session.commit()
    return answer(_known(held))


@door.post("/<int:automation_id>/runs")
@key("send")
def run(automation_id: int) -> Response:
    """One more, whatever its trigger says; it may come without a body."""
    body = reading.if_any()
    return taking.once(body, lambda now: _run(automation_id, now), bell="automations.plan_runs")


def _create(body: bytes, now: datetime) -> Answer:
    wanted = authored.wanted(body, automation_shapes.Automation)
    parts = _parts(wanted)
    if parts.get("topic") is None:
        parts["topic"] = _topic(parts["trigger"]) if parts.get("purpose", PROMOTIONAL) == PROMOTIONAL else None
    kept = Definition(**parts)
    _refuse(kept, now)
    automation = keeping.create(kept, now, authored.by())
    return Answer(201, msgspec.json.encode(_known(automation)))


def _topic(trigger: dict[str, Any]) -> str:
    """Whoever looks at the shop has a topic of its own for each behaviour."""
    said = trigger.get(BEHAVIOUR)
    kind = SPECS.get(said) if isinstance(said, str) else None
    return kind.topic if kind else PROMOTIONAL


def _activate(automation_id: int, now: datetime) -> Answer:
    try:
        held = keeping.activate(_find(automation_id), now, authored.by())
    except keeping.NotReady as unready:
        raise _not_ready(unready.problems) from None
    except keeping.HasRun as over:
        message = f"It had its one run, {over.run.id} ({over.run.state}). Start another run, or change it."
        raise Refusal(409, "has_run", message, [{"run_id": over.run.id}]) from None
    return Answer(200, msgspec.json.encode(_known(held)))


def _run(automation_id: int, now: datetime) -> Answer:
    automation = _find(automation_id)
    if unready := readiness.by_hand(automation):
        raise _not_ready(unready)
    made = occasions.by_hand(automation, now, authored.by(), occasions.new_occasion())
    return Answer(202, msgspec.json.encode(StartedRun(made.id)))


def _parts(wanted: msgspec.Struct) -> dict[str, Any]:
    """Of what a definition keeps, whatever was said; null is what it is without."""
    parts = those_said(wanted, *KEPT)
    if parts.get("purpose", "") is None:
        del parts["purpose"]
    if parts.get("purpose") == "transactional":
        parts.setdefault("topic", None)
    found: dict[str, Any] = {KEPT[name]: CLEARED.get(name) if value is None else value for name, value in parts.items()}
    if "variants" in found:
        found["variants"] = [_variant(one) for one in found["variants"]]
    sender = getattr(wanted, "sender")  # noqa: B009
    if sender is not msgspec.UNSET:
        found["sender_id"] = _sender(sender) if sender else None
    return found


def _variant(wanted: Variant) -> dict[str, Any]:
    return variants.kept(said(wanted.message_template_id), said(wanted.subject))


def _sender(written: str) -> int | None:
    """An address of Settings, with or without its name; MAIL_FROM is what goes out where Settings have no default."""
    address = parseaddr(written)[1].lower()
    for one in senders.everyone():
        if one.email.lower() == address:
            return one.id
    is_without = not any(one.is_default for one in senders.everyone())
    if address and is_without and address == parseaddr(running.config().mail_from)[1].lower():
        return None
    raise _refused([Problem("from", "There is no such sender. An admin adds it under Settings → Senders.")])


def _refuse(kept: Definition, now: datetime) -> None:
    found = _without_offset(kept) + definition.problems(kept, now)
    authored.refuse([_outside(one) for one in found])


def _without_offset(kept: Definition) -> list[Problem]:
    once = kept.trigger.get("once")
    if not isinstance(once, str) or once == triggers.NOW or not triggers.is_without_offset(once):
        return []
    return [Problem("trigger.once", "A time needs its offset, like 2026-12-01T10:00:00+01:00.")]


def _not_ready(problems: list[Problem]) -> Refusal:
    return _refused([_outside(one) for one in problems], "not_ready")


def _outside(one: Problem) -> Problem:
    """By the names that other systems know."""
    path = OUTSIDE.get(one.path) or one.path.replace("].template_id", "].message_template_id")
    return Problem(path, one.message)


def _refused(problems: list[Problem], code: str = "invalid") -> Refusal:
    details = [{"code": code, "field": one.path, "message": one.message} for one in problems]
    return Refusal(422, code, problems[0].message, details)


def _may_send() -> bool:
    return access.api_key().allows("send")


def _find(automation_id: int) -> Automation:
    automation = keeping.find(automation_id)
    if automation is None:
        raise Refusal(404, "not_found", f"There is no automation {automation_id}.")
    return automation


def _known(automation: Automation) -> KnownAutomation:
    names = [name for name in KnownAutomation.__struct_fields__ if name not in (*KEPT, "sender")]
    own = {name: getattr(automation, name) for name in names}
    own |= {outside: getattr(automation, inside) for outside, inside in KEPT.items()}
    sender = senders.find(automation.sender_id) if automation.sender_id else None
    own["variants"] = [
        KnownVariant(message_template_id=one.get("template_id"), subject=one.get("subject"))
        for one in automation.variants
    ]
    return KnownAutomation(**own, sender=f"{sender.name} <{sender.email}>" if sender else None)
