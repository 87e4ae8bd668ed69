"""Message templates: the list, a new one, and the editor, which is the page of a template itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from flask.typing import ResponseReturnValue

from app import htmx
from app.access import actor, may
from app.blueprints import asking
from app.blueprints.settings.saving import version_sent
from app.blueprints.templates import sent
from app.content import directory, lacking, media, usage, vocabulary, writing
from app.content.template import MessageTemplate
from app.content.writing import Draft
from app.db import db
from app.problem import Problem

door = Blueprint("templates", __name__, url_prefix="/templates")
EMPTY = """<mjml lang="en">
  <mj-head>
    <mj-attributes>
      <mj-all font-family="Inter, 'Segoe UI', Helvetica, Arial, sans-serif" />
      <mj-text font-size="16px" line-height="1.6" />
    </mj-attributes>
  </mj-head>
  <mj-body background-color="#f4f3ef">
    <mj-section background-color="#ffffff">
      <mj-column>
        <mj-text>
          Hello {{ customer.first_name | default("there") }}
        </mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
"""
BEGINNINGS = {
    "blocks": Draft("", blocks=[]),
    "code": Draft("", message=EMPTY),
    "whatsapp": Draft("", type="whatsapp"),
}


@door.get("")
@may("read")
def index() -> ResponseReturnValue:
    if request.args.get("field"):
        return asking.moved_to_filter("templates.index")
    listing = directory.listing()
    ask = asking.read(listing)
    page = listing.page(directory.rows(ask), ask)
    used = usage.counts([template.id for template in page.rows])
    return htmx.answer(
        "templates/index.html", "templates/_results.html", listing=listing, ask=ask, page=page, used=used
    )


@door.get("/new")
@may("edit")
def new() -> Response:
    return _beginnings()


@door.post("")
@may("edit")
def create() -> Response:
    begun = _begun(request.form.get("from", ""))
    if begun is None:
        return _beginnings({"from": "Choose what to start from."})
    draft = sent.named(begun, request.form.get("name", ""))
    if problems := writing.problems(draft):
        return _beginnings(sent.by_path(problems))
    template = writing.create(draft, datetime.now(UTC), actor())
    db.session.commit()
    return htmx.go(url_for("templates.show", template_id=template.id))


@door.get("/<int:template_id>")
@may("read")
def show(template_id: int) -> Response:
    template = found(template_id)
    return page(template, writing.of(template))


@door.post("/<int:template_id>")
@may("edit")
def save(template_id: int) -> Response:
    template = found(template_id)
    draft, problems = sent.draft(template)
    if problems := problems + writing.problems(draft):
        return refused(template, draft, problems, 422)
    try:
        kept = writing.change(template, draft, version_sent(), datetime.now(UTC), actor())
    except writing.Changed:
        db.session.rollback()
        return refused(found(template_id), draft, [], 409)
    db.session.commit()
    if htmx.wants_fragment():
        return htmx.toast(htmx.answer("templates/_saved.html", **beside(kept)), f"“{kept.name}” is saved.")
    return htmx.go(url_for("templates.show", template_id=template_id), f"“{kept.name}” is saved.")


def found(template_id: int) -> MessageTemplate:
    return writing.find(template_id) or abort(404)


def page(template: MessageTemplate, draft: Draft, errors: Mapping[str, str] | None = None, code: int = 200) -> Response:
    """The editor, with what is kept or what was typed in it."""
    return htmx.answer(
        "templates/show.html",
        code=code,
        sent=draft,
        blocks_sent=request.form.get("blocks"),
        errors=errors or {},
        kinds=vocabulary.kinds(),
        saved_blocks=media.saved("mjml"),
        lacking=[] if errors else lacking.of(draft),
        **beside(template, is_late=code == 409),
    )


def refused(template: MessageTemplate, draft: Draft, problems: Sequence[Problem], code: int) -> Response:
    """With script the page stays as it is, and is told why; without, it comes again with what was typed."""
    errors = sent.by_path(problems)
    if htmx.wants_fragment():
        return htmx.answer("templates/_refused.html", code=code, errors=errors, **beside(template, is_late=code == 409))
    return page(template, draft, errors, code)


def beside(template: MessageTemplate, *, is_late: bool = False) -> dict[str, Any]:
    """What is said of a template around its editor."""
    versions = directory.versions_of(template)
    return {
        "template": template,
        "is_late": is_late,
        "versions": versions,
        "next_number": versions[0].number + 1 if versions else 1,
        "used_by": usage.of(template.id),
    }


def _begun(word: str) -> Draft | None:
    if word in BEGINNINGS:
        return BEGINNINGS[word]
    starters = {str(one.id): one for one in directory.starters()}
    return writing.of(starters[word]) if word in starters else None


def _beginnings(errors: Mapping[str, str] | None = None) -> Response:
    return htmx.answer(
        "templates/new.html",
        code=422 if errors else 200,
        starters=directory.starters(),
        name=request.form.get("name", ""),
        errors=errors or {},
    )
