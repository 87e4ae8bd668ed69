"""/api/v1/templates: what is said. A draft may be broken; what is published may not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
from flask import Blueprint, Response

from app import running
from app.access import key
from app.blueprints.api import authored, lists, reading, taking, template_shapes
from app.blueprints.api.answers import answer
from app.blueprints.api.refusals import Refusal
from app.blueprints.api.shapes import said
from app.blueprints.api.template_shapes import KnownTemplate, TemplateChange
from app.content import directory, knowledge, publishing, recommended, usage, versions, writing
from app.content.knowledge import Person
from app.content.template import MessageTemplate
from app.content.writing import Draft
from app.customers import who
from app.db import db
from app.problem import Problem
from app.receipts.idempotency import Answer
from app.wording import zone

door = Blueprint("api_templates", __name__, url_prefix="/api/v1/templates")
KEPT = ("name", "type", "subject", "preheader", "message", "description")


@door.get("")
@key("read")
def index() -> Response:
    return answer(lists.page(directory.after, lambda rows: list(map(_known, rows)), template_shapes.TemplateList))


@door.post("")
@key("write")
def create() -> Response:
    body = reading.body()
    return taking.once(body, lambda now: _create(body, now), bell="")


@door.get("/<int:template_id>")
@key("read")
def show(template_id: int) -> Response:
    return answer(_known(_find(template_id)))


@door.patch("/<int:template_id>")
@key("write")
def change(template_id: int) -> Response:
    wanted = authored.wanted(reading.body(), TemplateChange)
    template = _find(template_id)
    if said(wanted.type) not in (None, template.type):
        authored.refuse([Problem("type", f"It is of type {template.type} and stays so.")])
    draft = _changed(template, wanted)
    authored.refuse(writing.problems(draft))
    try:
        kept = writing.change(template, draft, said(wanted.version) or 0, datetime.now(UTC), authored.by())
    except writing.Changed:
        raise authored.stale(template.version) from None
    db.session.commit()
    return answer(_known(kept))


@door.delete("/<int:template_id>")
@key("write")
def delete(template_id: int) -> Response:
    try:
        writing.delete(_find(template_id), authored.by())
    except usage.Used as used:
        raise authored.used(used.by) from None
    db.session.commit()
    return Response(status=204)


@door.post("/<int:template_id>/publication")
@key("write")
def publish(template_id: int) -> Response:
    """It may come without a body: there is nothing to say."""
    body = reading.if_any()
    return taking.once(body, lambda now: _publish(template_id, now), bell="")


@door.post("/<int:template_id>/renderings")
@key("read")
def render(template_id: int) -> Response:
    """The draft as this person would get it. Nothing is sent, and nothing is kept."""
    template = _find(template_id)
    wanted = authored.wanted(reading.body(), template_shapes.Rendering)
    person = _person(wanted)
    facts = recommended.seen(person.id, datetime.now(UTC)) | (said(wanted.facts) or {})
    try:
        shown = publishing.drawn(writing.composed(writing.of(template)), person, facts, zone())
    except publishing.Broken as broken:
        raise _broken(broken.problems) from None
    if shown.skipped:
        raise Refusal(422, "skipped", f"They get nothing: {shown.skipped} is missing.", [{"field": shown.skipped}])
    headers = dict(shown.headers or {})
    html = versions.whole(shown.html, running.config().base_url)
    return answer(template_shapes.Rendered(shown.subject, html, shown.text, headers, list(shown.missing)))


def _create(body: bytes, now: datetime) -> Answer:
    wanted = authored.wanted(body, template_shapes.Template)
    draft = Draft(**_parts(wanted))
    authored.refuse(writing.problems(draft))
    template = writing.create(draft, now, authored.by())
    return Answer(201, msgspec.json.encode(_known(template)))


def _publish(template_id: int, now: datetime) -> Answer:
    template = _find(template_id)
    try:
        version = publishing.publish(template, now, authored.by())
    except publishing.Broken as broken:
        raise _broken(broken.problems) from None
    return Answer(200, msgspec.json.encode(template_shapes.Publication(version.number)))


def _person(wanted: template_shapes.Rendering) -> Person:
    if not wanted.who.is_named:
        raise Refusal(422, "missing", "Name somebody by customer_id, lms_lead_id or email.")
    found = who.find_many([wanted.who])[0]
    if found.is_ambiguous:
        raise Refusal(422, "ambiguous", "Several customers have this address; name one by customer_id.")
    people = knowledge.people([found.id]) if found.id else []
    if not people:
        raise Refusal(422, "unknown_customer", "Nobody here is called so.")
    return people[0]


def _changed(template: MessageTemplate, wanted: TemplateChange) -> Draft:
    parts = _parts(wanted)
    if "message" in parts:
        parts["blocks"] = None
    return replace(writing.of(template), **parts)


def _parts(wanted: msgspec.Struct) -> dict[str, Any]:
    return {name: value for name in KEPT if (value := said(getattr(wanted, name))) is not None}


def _broken(problems: Sequence[publishing.Problem]) -> Refusal:
    details = [{"line": one.line, "message": one.message, "field": one.where} for one in problems]
    first = problems[0]
    return Refusal(422, "broken", f"{first.where}, line {first.line}: {first.message}", details)


def _find(template_id: int) -> MessageTemplate:
    template = writing.find(template_id)
    if template is None:
        raise Refusal(404, "not_found", f"There is no template {template_id}.")
    return template


def _known(template: MessageTemplate) -> KnownTemplate:
    own = {name: getattr(template, name) for name in KnownTemplate.__struct_fields__ if name != "is_composed"}
    return KnownTemplate(**own, is_composed=template.blocks is not None)
