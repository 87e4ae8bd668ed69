"""The mail as somebody would get it: drawn of what is typed now, kept for some minutes, shown in a sealed frame."""

from __future__ import annotations

import re
import secrets
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, current_app, request
from redis.exceptions import RedisError

from app import htmx
from app.access import may, person
from app.blueprints.media.frames import framed
from app.blueprints.templates import chosen, found, sent
from app.blueprints.templates.chosen import Chosen
from app.content import lacking, language, lint, occasions, publishing, recommended, writing
from app.content.publishing import Broken, Problem, Shown
from app.content.writing import Draft
from app.deliveries import notices
from app.ops import stand_ins
from app.queue import redis_connection
from app.segments import directory as segments
from app.settings import brand
from app.wording import zone

door = Blueprint("previews", __name__, url_prefix="/templates")
KEPT = 600  # seconds
ASKS_DARK = re.compile(r"\(\s*prefers-color-scheme\s*:\s*dark\s*\)", re.IGNORECASE)
NIGHT = "dark"


@door.app_context_processor
def words() -> dict[str, Any]:
    return {"field_said": chosen.said, "segment_choices": segments.choices}


@door.post("/<int:template_id>/previews")
@may("read")
def create(template_id: int) -> Response:
    """Whatever comes of it is an answer to show beside the mail."""
    template = found(template_id)
    draft, faults = sent.draft(template)
    seen_as = chosen.read()
    if faults := faults + writing.problems(draft):
        return _shown(seen_as, problems=[Problem(0, one.message, where=one.path) for one in faults])
    try:
        draft = writing.composed(draft)
        facts = occasions.of(seen_as.person.id) | recommended.seen(seen_as.person.id, datetime.now(UTC))
        drawn = publishing.drawn(draft, seen_as.person, facts, zone())
    except Broken as broken:
        return _shown(seen_as, problems=broken.problems)
    except language.Refused as refused:
        return _shown(seen_as, problems=[Problem(one.line, one.message) for one in refused.problems])
    return _shown(seen_as, drawn, draft)


@door.get("/previews/<key>")
@may("read")
def show(key: str) -> Response:
    """For a frame; only whoever asked for it sees it."""
    try:
        kept: Any = redis_connection().get(_name(key))
    except (RedisError, OSError):
        kept = None
    if kept is None:
        abort(404)
    return framed(_in_light(zlib.decompress(kept).decode()))


@door.get("/people")
@may("read")
def people() -> Response:
    """To be seen as: by name, e-mail or lead id."""
    q = request.args.get("as_q", "")[:200]
    return htmx.answer("templates/people.html", "templates/_people.html", people=stand_ins.found(q), q=q)


def _shown(
    seen_as: Chosen, drawn: Shown | None = None, draft: Draft | None = None, problems: Sequence[Problem] = ()
) -> Response:
    made = publishing.fields(publishing.frozen(draft)) if draft and drawn else []
    return htmx.answer(
        "templates/preview.html",
        "templates/_previewed.html",
        seen_as=seen_as,
        shown=drawn,
        problems=problems,
        key=keep(drawn.html) if drawn and drawn.html else "",
        sender=notices.sender(),
        checks=_checks(draft) if draft and drawn else [],
        may_lack=[one["path"] for one in made if stand_ins.may_lack(one["path"])],
        policies=dict(draft.policies) if draft else {},
    )


def _checks(draft: Draft) -> list[lint.Check]:
    """Of the mail as it will go out: what publishing adds is there already."""
    ready = publishing.frozen(draft)
    unguarded = [one.path for one in lacking.of(draft) if not one.how]
    has_address = bool(brand.current().postal_address)
    return lint.checks(ready.subject, ready.html, ready.text, unguarded, has_address=has_address)


def keep(html: str) -> str:
    """Empty: it could not be kept, so there is nothing to show."""
    key = secrets.token_urlsafe(18)
    try:
        redis_connection().set(_name(key), zlib.compress(_ours(html).encode(), 1), ex=KEPT)
    except (RedisError, OSError):
        return ""
    return key


def _ours(html: str) -> str:
    """In our own pages pictures come from wherever these are."""
    return html.replace(f"{current_app.extensions['config'].base_url}/media/files/", "/media/files/")


def _name(key: str) -> str:
    return f"campus:preview:{person().id}:{key}"


def _in_light(html: str) -> str:
    """Mail programs that go dark do both: they set the scheme, and ask prefers-color-scheme."""
    is_dark = request.args.get("light") == NIGHT
    mail = ASKS_DARK.sub("(min-width: 0)" if is_dark else "(max-width: 0)", html)
    scheme = f"<style>:root {{ color-scheme: {'dark' if is_dark else 'light'} !important; }}</style>"
    return f"{mail}{scheme}"
