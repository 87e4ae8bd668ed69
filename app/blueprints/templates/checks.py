"""While somebody writes: what is wrong, what may be written, blocks to put in, and the bubble of a chat."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from app import htmx
from app.access import may
from app.blueprints.merges import number
from app.blueprints.templates import found, sent
from app.content import knowledge, lacking, publishing, samples, vocabulary, writing
from app.content.knowledge import Person
from app.content.publishing import Problem, Shown
from app.content.template import MessageTemplate
from app.content.writing import Draft
from app.customers import directory as customers
from app.customers.customer import Customer
from app.db import db
from app.problem import Problem as Fault
from app.wording import zone

door = Blueprint("template_checks", __name__, url_prefix="/templates")
SOMEBODY = Person(0, None, "Maya", "Lindqvist", "maya@example.com", None, None, {}, None)


@door.post("/check")
@may("edit")
def check() -> Response:
    """Of what is typed at this moment. Nothing is kept."""
    template = _template()
    draft, faults = sent.draft(template)
    return htmx.answer(
        "templates/_checked.html", problems=problems_of(template, draft, faults), template=template, **_lacked(draft)
    )


@door.post("/chat")
@may("edit")
def chat() -> Response:
    template = _template()
    return htmx.answer("templates/_bubble.html", **bubble(sent.draft(template)[0]))


@door.get("/vocabulary")
@may("read")
def show() -> Response:
    return jsonify(vocabulary.everything())


@door.get("/blocks/<name>")
@may("edit")
def block(name: str) -> Response:
    written = vocabulary.block(name)
    return Response(written, mimetype="text/plain") if written is not None else abort(404)


def problems_of(template: MessageTemplate, draft: Draft, faults: list[Fault]) -> list[Problem]:
    """Of a composed mail no line is said: nobody wrote it."""
    if faults := faults + writing.problems(draft):
        return [Problem(0, f"{one.path}: {one.message}", where="") for one in faults]
    found_ = publishing.check(writing.composed(draft))
    return found_ if template.blocks is None else [_without_line(one) for one in found_]


def bubble(draft: Draft) -> dict[str, Any]:
    person = _anybody()
    try:
        return {"shown": publishing.drawn(draft, person, samples.FACTS, zone()), "someone": person}
    except publishing.Broken as broken:
        return {"shown": Shown(), "someone": person, "broken": broken.problems}


def _lacked(draft: Draft) -> dict[str, Any]:
    """The form of missing fields comes anew where the mail names others than stand in it: nobody types in it then."""
    fields = lacking.of(writing.composed(draft)) if not writing.problems(draft) else None
    is_other = fields is not None and {one.path for one in fields} != set(sent.policed())
    return {"lacking": fields, "is_other": is_other}


def _without_line(one: Problem) -> Problem:
    return one if one.where != "message" else Problem(0, one.message, one.is_error, "")


def _template() -> MessageTemplate:
    return found(number(request.form.get("template")))


def _anybody() -> Person:
    """The customer who came last, or somebody imagined while there is none."""
    last = db.session.scalar(customers.everyone().with_only_columns(Customer.id).order_by(Customer.id.desc()).limit(1))
    return next(iter(knowledge.people([last] if last else [])), SOMEBODY)
