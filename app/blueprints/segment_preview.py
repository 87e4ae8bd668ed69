"""Rules while somebody writes them: the words to write with, the count beside them, and what each word means."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app import htmx, operators
from app.access import may
from app.automations import directory as automations
from app.content import directory as templates
from app.problem import Problem, Refused
from app.segments import fields, keeping, preview, superseding, vocabulary, written
from app.segments.examples import EXAMPLES
from app.segments.rules import DEEPEST, MOST
from app.segments.segment import Segment
from app.segments.unavailable import Unavailable
from app.segments.words import Words

door = Blueprint("segment_preview", __name__, url_prefix="/segments")
door.add_app_template_filter(written.of, "as_rules")


@door.get("/vocabulary")
@may("edit")
def words() -> Response:
    """Automations stand above segments, so only the door can name them."""
    mails = {"automations": automations.names(), "templates": templates.names()}
    return jsonify(vocabulary.words() | {"names": vocabulary.names(_number("without")) | mails})


@door.post("/preview")
@may("edit")
def show() -> Response:
    """Whatever comes of it is an answer to show beside the rules, and no failure of the page."""
    saved = _begin()
    try:
        found = preview.of(written.read(request.form.get("rules", "")), datetime.now(UTC), saved)
    except Refused as refused:
        return _answer(saved=saved, problems=refused.problems)
    except Unavailable as why:
        return _answer(saved=saved, unavailable=why, words=preview.words(written.read(request.form["rules"])))
    return _answer(saved=saved, found=found, words=found.words)


@door.post("/preview/sample")
@may("edit")
def sample() -> Response:
    saved = _begin()
    try:
        people = preview.sample(written.read(request.form.get("rules", "")), datetime.now(UTC), saved)
    except (Refused, Unavailable) as why:
        return htmx.answer("segments/_sample.html", problem=str(why))
    return htmx.answer("segments/_sample.html", people=people)


@door.post("/preview/hits")
@may("edit")
def hits() -> Response:
    """A number for each condition that was sent, in their order; `cap` + 1 means more than `cap`."""
    saved = _begin()
    counts = preview.hits(_conditions(), datetime.now(UTC), saved.id if saved else None)
    return jsonify(hits=counts, cap=preview.CAP)


@door.get("/help")
@may("read")
def help_page() -> Response:
    return htmx.answer(
        "segments/help.html",
        kinds=fields.KINDS.values(),
        columns=fields.COLUMNS.values(),
        operators=operators.OPERATORS.values(),
        by_kind=operators.BY_KIND,
        takes=vocabulary.TAKES,
        operands=vocabulary.OPERANDS,
        examples=EXAMPLES,
        deepest=DEEPEST,
        most=MOST,
    )


def _begin() -> Segment | None:
    """Stops what this page asked before; the segment that is edited, if there is one."""
    superseding.begin(request.form.get("page", ""), _number("number", request.form) or 0)
    segment_id = _number("segment", request.form)
    return keeping.find(segment_id) if segment_id else None


def _answer(
    *,
    saved: Segment | None,
    found: preview.Preview | None = None,
    words: Words | None = None,
    problems: list[Problem] | None = None,
    unavailable: Unavailable | None = None,
) -> Response:
    return htmx.answer(
        "segments/preview.html",
        "segments/_preview.html",
        saved=saved,
        found=found,
        words=words,
        problems=problems or [],
        unavailable=unavailable,
    )


def _conditions() -> list[Any]:
    try:
        sent = json.loads(request.form.get("conditions", "[]"))
    except (ValueError, RecursionError):
        return []
    return sent[:MOST] if isinstance(sent, list) else []


def _number(name: str, sent: Any = None) -> int | None:
    word = (request.args if sent is None else sent).get(name, "")
    return int(word) if word.isascii() and word.isdecimal() and len(word) < 19 else None
