"""Segments: the list, one of them, and the form that makes and changes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from flask.typing import ResponseReturnValue

from app import htmx
from app.access import actor, may
from app.automations.launches import launching
from app.blueprints import asking
from app.blueprints.segments import sent, shown
from app.blueprints.settings.saving import version_sent
from app.db import db
from app.problem import Problem, must_last
from app.segments import changes, definition, directory, gathering, keeping, listed, sizes, usage
from app.segments.definition import Definition
from app.segments.functions import registry
from app.segments.keeping import Changed
from app.segments.segment import TYPES, Segment
from app.segments.unavailable import Unavailable

door = Blueprint("segments", __name__, url_prefix="/segments")


@door.get("")
@may("read")
def index() -> ResponseReturnValue:
    if request.args.get("field"):
        return asking.moved_to_filter("segments.index")
    listing = directory.listing()
    ask = asking.read(listing)
    page = listing.page(directory.rows(ask), ask)
    return htmx.answer(
        "segments/index.html",
        "segments/_results.html",
        listing=listing,
        ask=ask,
        page=page,
        used=usage.counts([segment.id for segment in page.rows]),
    )


@door.get("/new")
@may("edit")
def new() -> Response:
    kind = request.args.get("type", "")
    if kind not in TYPES:
        return htmx.answer("segments/kinds.html")
    function = request.args.get("handler_function", "")
    if kind == "function" and registry.named(function) is None:
        return htmx.answer("segments/functions.html", functions=registry.everything())
    return form(kind, None, {"handler_function": function, **_begun(function)})


@door.post("")
@may("edit")
def create() -> Response:
    kind = request.form.get("type", "")
    if kind not in TYPES:
        return htmx.answer("segments/kinds.html", code=422, refused="Choose one of the four kinds first.")
    now, (wanted, faults) = datetime.now(UTC), sent.wanted(kind)
    try:
        size = _checked(wanted, faults, now)
    except (Wrong, Unavailable) as refused:
        return _refused(kind, None, refused)
    segment = keeping.create(wanted, now, actor())
    sizes.keep(segment, size, now)
    db.session.commit()
    if kind == "manual":
        there = url_for("segment_people.new", segment_id=segment.id)
        return htmx.go(there, f"“{segment.name}” is there. Who is on it?")
    return htmx.go(url_for("segments.show", segment_id=segment.id), f"“{segment.name}” is saved.")


@door.get("/<int:segment_id>")
@may("read")
def show(segment_id: int) -> Response:
    segment = found(segment_id)
    return htmx.answer(
        "segments/show.html",
        segment=segment,
        said=shown.of(segment),
        history=sizes.history(segment),
        used_by=usage.of(segment.id),
        launch=launching.of_segment(segment.id) if segment.is_passing else None,
        steps=changes.of(segment),
        listed=listed.count(segment) if segment.type == "manual" else None,
    )


@door.get("/<int:segment_id>/edit")
@may("edit")
def edit(segment_id: int) -> Response:
    segment = found(segment_id)
    must_last(segment)
    return form(segment.type, segment, sent.held(segment))


@door.post("/<int:segment_id>")
@may("edit")
def save(segment_id: int) -> Response:
    segment, now = found(segment_id), datetime.now(UTC)
    if segment.version != version_sent():
        return _overtaken(segment)
    wanted, faults = sent.wanted(segment.type)
    try:
        size = _checked(wanted, faults, now, segment)
        held = keeping.change(segment, wanted, version_sent(), now, actor())
    except (Wrong, Unavailable) as refused:
        return _refused(segment.type, segment, refused)
    except Changed:
        return _overtaken(segment)
    sizes.keep(held, size, now)
    db.session.commit()
    return htmx.go(url_for("segments.show", segment_id=segment_id), f"“{held.name}” is saved.")


class Wrong(Exception):
    """What was typed needs another look."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = problems


def found(segment_id: int) -> Segment:
    return keeping.find(segment_id) or abort(404)


def form(
    kind: str,
    segment: Segment | None,
    typed: dict[str, str],
    problems: list[Problem] | None = None,
    code: int = 200,
    **more: Any,
) -> Response:
    function = registry.named(typed.get("handler_function", "")) if kind == "function" else None
    return htmx.answer(
        "segments/form.html",
        code=code,
        kind=kind,
        segment=segment,
        sent=typed,
        problems=problems or [],
        errors=sent.by_path(problems or []),
        version=segment.version if segment else 0,
        function=function,
        functions=registry.everything() if kind == "function" else (),
        **shown.beside(kind),
        **more,
    )


def _checked(wanted: Definition, faults: list[Problem], now: datetime, segment: Segment | None = None) -> int:
    """How large it is; Wrong or Unavailable where it may not be kept."""
    own = segment.id if segment else None
    if problems := faults + [one for one in definition.problems(wanted) if not faults or one.path != "rules"]:
        raise Wrong(problems)
    if problems := keeping.circle(wanted, own):
        raise Wrong(problems)
    if wanted.type == "manual":
        return listed.count(segment) if segment else 0
    return gathering.gather(definition.computed(wanted, now, own)).count


def _refused(kind: str, segment: Segment | None, refused: Wrong | Unavailable) -> Response:
    db.session.rollback()
    if isinstance(refused, Wrong):
        return form(kind, segment, sent.fields(), refused.problems, 422)
    return form(kind, segment, sent.fields(), code=422, unavailable=refused)


def _overtaken(segment: Segment) -> Response:
    """What was typed stays, beside what somebody else has saved meanwhile; who saves now has seen it."""
    db.session.rollback()
    return form(segment.type, segment, sent.fields(), code=409, steps=changes.of(segment)[:3])


def _begun(function: str) -> dict[str, str]:
    known = registry.named(function)
    return {f"{sent.ARGUMENT}{one.name}": str(one.default) for one in known.arguments if one.default} if known else {}
