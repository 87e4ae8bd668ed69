"""Settings → Outgoing webhooks: who is told what, by which secret they know us, and what they answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from flask.typing import ResponseReturnValue

from app import htmx
from app.access import actor, may
from app.blueprints import asking
from app.blueprints.settings.saving import typed
from app.db import db
from app.hooks import directory, keeping
from app.hooks.hook import KINDS, Hook
from app.queue import ring

door = Blueprint("settings_hooks", __name__, url_prefix="/settings/hooks")
HERE = "settings_hooks.show"
BELL = "hooks.call"


@door.get("")
@may("administer")
def index() -> Response:
    return htmx.answer("settings/hooks/index.html", hooks=keeping.everyone())


@door.get("/new")
@may("administer")
def new() -> Response:
    return _form(None, {"name": "", "url": "", "kinds": [], "is_active": True}, {})


@door.post("")
@may("administer")
def add() -> Response:
    """The secret is answered at once and never by a redirect: it must not stand in an address or a cookie."""
    sent = _sent()
    if errors := keeping.problems(sent["name"], sent["url"], sent["kinds"]):
        return _form(None, sent, errors, 422)
    hook = keeping.add(sent["name"], sent["url"], sent["kinds"], actor())
    db.session.commit()
    return htmx.answer("settings/hooks/secret.html", hook=hook)


@door.get("/<int:hook_id>")
@may("administer")
def show(hook_id: int) -> ResponseReturnValue:
    hook = _found(hook_id)
    if request.args.get("field"):
        return asking.moved_to_filter(HERE, hook_id=hook_id)
    ask = asking.read(directory.LISTING, hook_id=hook_id)
    return htmx.answer(
        "settings/hooks/show.html",
        "settings/hooks/_results.html",
        hook=hook,
        counts=directory.counts(hook_id),
        is_changing=len(hook.secrets(datetime.now(UTC))) > 1,
        listing=directory.LISTING,
        ask=ask,
        page=directory.LISTING.page(directory.attempts(hook_id), ask),
    )


@door.get("/<int:hook_id>/edit")
@may("administer")
def edit(hook_id: int) -> Response:
    hook = _found(hook_id)
    said = {"name": hook.name, "url": hook.url, "kinds": hook.kinds, "is_active": hook.is_active}
    return _form(hook, said, {})


@door.post("/<int:hook_id>")
@may("administer")
def save(hook_id: int) -> Response:
    hook, sent = _found(hook_id), _sent()
    if errors := keeping.problems(sent["name"], sent["url"], sent["kinds"]):
        return _form(hook, sent, errors, 422)
    keeping.change(hook, sent, datetime.now(UTC), actor())
    return _done(hook, f"“{hook.name}” saved.")


@door.post("/<int:hook_id>/secrets")
@may("administer")
def rotate(hook_id: int) -> Response:
    hook = _found(hook_id)
    keeping.rotate(hook, datetime.now(UTC), actor())
    db.session.commit()
    return htmx.answer("settings/hooks/secret.html", hook=hook)


@door.post("/<int:hook_id>/tests")
@may("administer")
def test(hook_id: int) -> Response:
    hook = _found(hook_id)
    if not hook.is_active:
        return htmx.go(url_for(HERE, hook_id=hook.id), "It is switched off: nothing is told.", "warn")
    keeping.test(hook, datetime.now(UTC), actor())
    return _done(hook, "A test is on its way; what is answered stands in the list.")


@door.post("/<int:hook_id>/attempts/<int:attempt_id>/retry")
@may("administer")
def try_again(hook_id: int, attempt_id: int) -> Response:
    hook, attempt = _found(hook_id), directory.find(hook_id, attempt_id) or abort(404)
    if attempt.done_at or not hook.is_active:
        said = "It was told meanwhile." if attempt.done_at else "It is switched off: nothing is told."
        return htmx.go(url_for(HERE, hook_id=hook.id), said, "warn")
    keeping.try_again(attempt, hook, actor())
    return _done(hook, "It is tried again now.")


@door.get("/<int:hook_id>/removal")
@may("administer")
def ask_to_remove(hook_id: int) -> Response:
    return htmx.answer("settings/hooks/removal.html", hook=_found(hook_id))


@door.post("/<int:hook_id>/removal")
@may("administer")
def remove(hook_id: int) -> Response:
    hook = _found(hook_id)
    keeping.remove(hook, actor())
    db.session.commit()
    return htmx.go(url_for("settings_hooks.index"), f"“{hook.name}” is told nothing any more.")


def _found(hook_id: int) -> Hook:
    return keeping.find(hook_id) or abort(404)


def _sent() -> dict[str, Any]:
    is_active = request.form.get("is_active") == "1"
    return {**typed("name", "url"), "kinds": request.form.getlist("kind"), "is_active": is_active}


def _done(hook: Hook, said: str) -> Response:
    db.session.commit()
    ring(BELL)
    return htmx.go(url_for(HERE, hook_id=hook.id), said)


def _form(hook: Hook | None, sent: dict[str, Any], errors: dict[str, str], code: int = 200) -> Response:
    return htmx.answer("settings/hooks/form.html", code=code, hook=hook, sent=sent, errors=errors, kinds=KINDS)
