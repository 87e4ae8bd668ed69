"""What is done with a whole segment: counted, copied, archived, deleted; and its SQL or function tried in the form."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, request, url_for

from app import htmx
from app.access import actor, may
from app.blueprints.merges import number
from app.blueprints.segments import form, found, sent
from app.db import db
from app.segments import definition, keeping, look, usage, wall
from app.segments.keeping import Used
from app.segments.look import Look
from app.segments.segment import Segment
from app.segments.unavailable import Unavailable

door = Blueprint("segment_acts", __name__, url_prefix="/segments")


@door.get("/<int:segment_id>/size")
@may("read")
def size(segment_id: int) -> Response:
    """How many there are at this moment. It may take seconds, so pages ask for it by itself."""
    segment = found(segment_id)
    now = look.now(segment, datetime.now(UTC))
    db.session.commit()
    return htmx.answer("segments/size.html", "segments/_size.html", segment=segment, look=now)


@door.post("/<int:segment_id>/duplicates")
@may("edit")
def duplicate(segment_id: int) -> Response:
    copy = keeping.duplicate(found(segment_id), datetime.now(UTC), actor())
    db.session.commit()
    return htmx.go(url_for("segments.edit", segment_id=copy.id), "This is the copy. The first one is as it was.")


@door.post("/<int:segment_id>/archive")
@may("edit")
def archive(segment_id: int) -> Response:
    segment = found(segment_id)
    keeping.archive(segment, datetime.now(UTC), actor())
    db.session.commit()
    said = f"“{segment.name}” is archived. Whoever uses it goes on."
    return htmx.go(url_for("segments.show", segment_id=segment_id), said)


@door.post("/<int:segment_id>/restoration")
@may("edit")
def restore(segment_id: int) -> Response:
    segment = found(segment_id)
    keeping.restore(segment, actor())
    db.session.commit()
    return htmx.go(url_for("segments.show", segment_id=segment_id), f"“{segment.name}” is back in the lists.")


@door.get("/<int:segment_id>/deletion")
@may("edit")
def ask_to_delete(segment_id: int) -> Response:
    return _deletion(found(segment_id))


@door.post("/<int:segment_id>/deletion")
@may("edit")
def delete(segment_id: int) -> Response:
    segment = found(segment_id)
    name = segment.name
    try:
        keeping.delete(segment, actor())
    except Used:
        db.session.rollback()
        return _deletion(found(segment_id), 409)
    db.session.commit()
    return htmx.go(url_for("segments.index"), f"“{name}” is deleted.")


@door.post("/sql/format")
@may("edit")
def put_into_shape() -> Response:
    """The editor again, or without script the whole form, with the SQL in shape."""
    typed = sent.fields()
    typed["selection_sql"] = wall.formatted(typed.get("selection_sql", "")[: definition.LONGEST_SQL])
    if htmx.wants_fragment():
        return htmx.answer("segments/_editor.html", sent=typed, errors={})
    return form("sql", _segment_sent(), typed)


@door.post("/sql/rows")
@may("edit")
def rows() -> Response:
    """The first rows as they are, and how many people come of all."""
    typed = sent.fields()
    try:
        first = wall.first_rows(typed.get("selection_sql", ""))
    except Unavailable as why:
        return _tried("sql", Look(why=why))
    return _tried("sql", _looked("sql"), rows=first)


@door.post("/function/size")
@may("edit")
def function_size() -> Response:
    return _tried("function", _looked("function"))


def _looked(kind: str) -> Look:
    now, (wanted, _) = datetime.now(UTC), sent.wanted(kind)
    if problems := definition.problems(replace(wanted, name=wanted.name or "unnamed")):
        return Look(why=Unavailable(problems[0].message))
    try:
        return look.at(definition.computed(wanted, now), now)
    except Unavailable as why:
        return Look(why=why)


def _tried(kind: str, tried: Look, **more: Any) -> Response:
    db.session.rollback()
    typed, code = sent.fields(), 422 if tried.why else 200
    if htmx.wants_fragment():
        return htmx.answer("segments/_tried.html", code=code, look=tried, sent=typed, **more)
    return form(kind, _segment_sent(), typed, code=code, look=tried, **more)


def _segment_sent() -> Segment | None:
    return keeping.find(number(request.form.get("segment")))


def _deletion(segment: Segment, code: int = 200) -> Response:
    return htmx.answer("segments/deletion.html", code=code, segment=segment, used_by=usage.of(segment.id))
