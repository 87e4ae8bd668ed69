"""A published template drawn for everybody of a segment, before anything is sent: begun, watched, read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, request, url_for

from app import htmx
from app.access import actor, may
from app.blueprints.media.frames import framed
from app.blueprints.merges import number
from app.content import versions, writing
from app.content.language import Skip
from app.content.template import MessageTemplate, TemplateVersion
from app.customers import directory as customers
from app.customers.customer import Customer
from app.db import db
from app.ops import render_checks
from app.ops.render_check import RenderCheck
from app.ops.render_report import NAMED, Report
from app.queue import ring
from app.segments import directory as segments
from app.segments import keeping
from app.segments.segment import Segment

door = Blueprint("render_checks", __name__, url_prefix="/templates/<int:template_id>")
UNPUBLISHED = "Publish it first: what is checked is what would go out."


@door.get("/check")
@may("read")
def index(template_id: int) -> Response:
    return _index(_wanted(template_id))


@door.post("/checks")
@may("edit")
def begin(template_id: int) -> Response:
    template = _wanted(template_id)
    version, segment = versions.published(template), keeping.find(number(request.form.get("segment")))
    if version is None or segment is None:
        return _index(template, UNPUBLISHED if version is None else "Choose a segment.", 422)
    check = render_checks.begin(template, version, segment, actor())
    db.session.commit()
    ring("ops.check_renderings")
    return _to(template_id, check)


@door.get("/checks/<int:check_id>")
@may("read")
def show(template_id: int, check_id: int) -> Response:
    template, check, version = _found(template_id, check_id)
    report = Report.read(check.report)
    return htmx.answer(
        "render_checks/show.html",
        template=template,
        check=check,
        version=version,
        segment=db.session.get(Segment, check.segment_id),
        report=report,
        progress=render_checks.progress(check),
        people=_named(report),
        named=NAMED,
        is_at_work=check.is_at_work,
    )


@door.post("/checks/<int:check_id>/cancellation")
@may("edit")
def cancel(template_id: int, check_id: int) -> Response:
    _template, check, _version = _found(template_id, check_id)
    render_checks.cancel(check, datetime.now(UTC))
    db.session.commit()
    return _to(template_id, check)


@door.get("/checks/<int:check_id>/people/<int:customer_id>")
@may("read")
def mail(template_id: int, check_id: int, customer_id: int) -> Response:
    """For a frame: what this person would get."""
    _template, check, _version = _found(template_id, check_id)
    try:
        drawn = render_checks.drawn(check, customer_id)
    except Skip as skip:
        return framed(f"<p>Skipped: {skip.field} is missing.</p>")
    return framed(drawn.html) if drawn else abort(404)


def _index(template: MessageTemplate, problem: str = "", code: int = 200) -> Response:
    return htmx.answer(
        "render_checks/index.html",
        code=code,
        template=template,
        published=versions.published(template),
        segments=segments.choices(),
        asked_for=number(request.values.get("segment")),
        checks=render_checks.of(template.id),
        problem=problem or (UNPUBLISHED if template.published is None else ""),
    )


def _wanted(template_id: int) -> MessageTemplate:
    return writing.find(template_id) or abort(404)


def _found(template_id: int, check_id: int) -> tuple[MessageTemplate, RenderCheck, TemplateVersion]:
    template, check = _wanted(template_id), render_checks.find(check_id)
    version = db.session.get(TemplateVersion, check.version_id) if check else None
    if check is None or version is None or version.template_id != template.id:
        abort(404)
    return template, check, version


def _named(report: Report) -> dict[int, Customer]:
    every: Iterable[int] = [one.customer_id for one in report.worst]
    found = [one for kind in report.found.values() for one in kind.values()]
    return customers.named([*every, *(who for one in found for who in one.who)])


def _to(template_id: int, check: RenderCheck) -> Response:
    return htmx.go(url_for("render_checks.show", template_id=template_id, check_id=check.id))
