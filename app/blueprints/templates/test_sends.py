"""A test goes to people of the team and to nobody else: the mail as it is typed, as the chosen customer gets it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import select

from app import htmx, running
from app.access import actor, may, person
from app.accounts.user import User
from app.blueprints.merges import number
from app.blueprints.templates import chosen, found, sent
from app.content import language, occasions, publishing, recommended, versions, writing
from app.content.publishing import Broken, Shown
from app.content.template import MessageTemplate
from app.db import db
from app.deliveries import notices
from app.queue import ring
from app.wording import zone

door = Blueprint("test_sends", __name__, url_prefix="/templates")
MOST = 20
LISTED = 200
TITLE = "[Test] "


@door.app_context_processor
def words() -> dict[str, Any]:
    return {"colleagues": _colleagues}


@door.get("/<int:template_id>/test-sends/new")
@may("edit")
def new(template_id: int) -> Response:
    """What the dialog asks, for those without script: they send what is saved."""
    return _asked(found(template_id))


@door.post("/<int:template_id>/test-sends")
@may("edit")
def create(template_id: int) -> Response:
    template = found(template_id)
    to = _chosen()
    if problem := _problem(template, to):
        return _asked(template, problem, 422)
    seen_as = chosen.read()
    shown, problem = _drawn(template, seen_as)
    if problem:
        return _asked(template, problem, 422)
    html = versions.whole(shown.html, running.config().base_url)
    notices.write("test", [user.email for user in to], f"{TITLE}{shown.subject}", html, shown.text, actor())
    db.session.commit()
    ring("deliveries.post_notices")
    said = "A test is on its way to " + (to[0].name if len(to) == 1 else f"{len(to)} people") + "."
    answer = htmx.answer("templates/test_sent.html", "templates/_test_sent.html", template=template, to=to, said=said)
    return htmx.toast(answer, said)


def _drawn(template: MessageTemplate, seen_as: chosen.Chosen) -> tuple[Shown, str]:
    draft, faults = sent.draft(template)
    if faults := faults + writing.problems(draft):
        return Shown(), f"{faults[0].path}: {faults[0].message}"
    try:
        facts = occasions.of(seen_as.person.id) | recommended.seen(seen_as.person.id, datetime.now(UTC))
        shown = publishing.drawn(writing.composed(draft), seen_as.person, facts, zone())
    except (Broken, language.Refused) as broken:
        return Shown(), f"This mail cannot be drawn yet: {broken.problems[0].message}"
    if shown.skipped:
        return (
            shown,
            f"{seen_as.person.first_name or 'This person'} lacks {chosen.said(shown.skipped)} and gets no mail.",
        )
    return shown, ""


def _problem(template: MessageTemplate, to: list[User]) -> str:
    if template.type != "email":
        return "WhatsApp messages are kept here, and never sent."
    asked = len(set(request.form.getlist("to")))
    if asked > MOST:
        return f"At most {MOST} people at once."
    return "" if to else "Choose somebody of the team."


def _chosen() -> list[User]:
    """By their numbers, so that no address from outside can be named."""
    ids = {number(one) for one in request.form.getlist("to")[: MOST + 1]}
    return [user for user in _colleagues() if user.id in ids]


def _colleagues() -> list[User]:
    """Oneself first, then who can sign in, by name."""
    active = select(User).where(User.password_hash.is_not(None)).order_by(User.id != person().id, User.name)
    return list(db.session.scalars(active.limit(LISTED)))


def _asked(template: MessageTemplate, problem: str = "", code: int = 200) -> Response:
    said: Mapping[str, Any] = {"template": template, "problem": problem, "ticked": request.form.getlist("to")}
    return htmx.answer("templates/test_send.html", "templates/_test_send.html", code=code, **said)
