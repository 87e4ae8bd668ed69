"""Publishing: first what it would mean, then the frozen version that goes out from there on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from flask import Blueprint, Response, url_for

from app import htmx
from app.access import actor, may
from app.blueprints.templates import beside, found
from app.content import publishing, writing
from app.content.publishing import Problem
from app.content.template import MessageTemplate
from app.db import db

door = Blueprint("template_publications", __name__, url_prefix="/templates")


@door.get("/<int:template_id>/publication/new")
@may("edit")
def new(template_id: int) -> Response:
    template = found(template_id)
    return _asked(template, publishing.check(writing.composed(writing.of(template))))


@door.post("/<int:template_id>/publication")
@may("edit")
def create(template_id: int) -> Response:
    template = found(template_id)
    try:
        version = publishing.publish(template, datetime.now(UTC), actor())
    except publishing.Broken as broken:
        db.session.rollback()
        return _asked(found(template_id), broken.problems, 422)
    db.session.commit()
    return htmx.go(url_for("templates.show", template_id=template_id), f"Version {version.number} is live.")


def _asked(template: MessageTemplate, problems: Sequence[Problem], code: int = 200) -> Response:
    return htmx.answer(
        "templates/publication.html",
        "templates/_publication.html",
        code=code,
        problems=problems,
        errors=[one for one in problems if one.is_error],
        **beside(template),
    )
