"""What is done with a whole template: copied, archived, brought back, deleted."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, url_for

from app import htmx
from app.access import actor, may
from app.blueprints.templates import found
from app.content import usage, writing
from app.content.template import MessageTemplate
from app.db import db

door = Blueprint("template_acts", __name__, url_prefix="/templates")


@door.post("/<int:template_id>/duplicates")
@may("edit")
def duplicate(template_id: int) -> Response:
    copy = writing.duplicate(found(template_id), datetime.now(UTC), actor())
    db.session.commit()
    return htmx.go(url_for("templates.show", template_id=copy.id), "This is the copy. The first one is as it was.")


@door.post("/<int:template_id>/archive")
@may("edit")
def archive(template_id: int) -> Response:
    template = found(template_id)
    writing.archive(template, datetime.now(UTC), actor())
    db.session.commit()
    said = f"“{template.name}” is archived. Whatever sends it goes on."
    return htmx.go(url_for("templates.show", template_id=template_id), said)


@door.post("/<int:template_id>/restoration")
@may("edit")
def restore(template_id: int) -> Response:
    template = found(template_id)
    writing.restore(template, actor())
    db.session.commit()
    return htmx.go(url_for("templates.show", template_id=template_id), f"“{template.name}” is back in the lists.")


@door.get("/<int:template_id>/deletion")
@may("edit")
def ask_to_delete(template_id: int) -> Response:
    return _deletion(found(template_id))


@door.post("/<int:template_id>/deletion")
@may("edit")
def delete(template_id: int) -> Response:
    template = found(template_id)
    name = template.name
    try:
        writing.delete(template, actor())
    except usage.Used:
        db.session.rollback()
        return _deletion(found(template_id), 409)
    db.session.commit()
    return htmx.go(url_for("templates.index"), f"“{name}” is deleted.")


def _deletion(template: MessageTemplate, code: int = 200) -> Response:
    return htmx.answer("templates/deletion.html", code=code, template=template, used_by=usage.of(template.id))
