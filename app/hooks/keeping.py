"""The webhooks that somebody set up: added, changed, given a new secret, tried out, taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from sqlalchemy import func, select

from app.audit import Actor, record
from app.db import db
from app.hooks import calling, posting, standard
from app.hooks.hook import KINDS, TEST, Hook, HookAttempt

CHANGING = timedelta(days=1)  # for so long both secrets sign
LONGEST_URL = 2_000
NO_URL = "A whole address that begins with https:// or http://, without a name and password in it."


def everyone() -> Sequence[Hook]:
    return db.session.scalars(select(Hook).order_by(func.lower(Hook.name), Hook.id)).all()


def find(hook_id: int) -> Hook | None:
    return db.session.get(Hook, hook_id) if hook_id < 2**63 else None


def problems(name: str, url: str, kinds: Sequence[str]) -> dict[str, str]:
    found = {}
    if not 0 < len(name) <= 100 or "\n" in name:
        found["name"] = "A name of at most 100 characters."
    if said := _url_problem(url):
        found["url"] = said
    if not kinds or not set(kinds) <= set(KINDS):
        found["kinds"] = "Choose at least one."
    return found


def add(name: str, url: str, kinds: Sequence[str], by: Actor) -> Hook:
    """With its secret, which is shown this once."""
    hook = Hook(name=name, url=url, kinds=_in_order(kinds), secret=standard.new_secret())
    db.session.add(hook)
    db.session.flush()
    record(by, "added", "webhook", (hook.id, hook.name), None, _facts(hook))
    return hook


def change(hook: Hook, said: Mapping[str, Any], now: datetime, by: Actor) -> None:
    """Whoever is switched on again hears of what happens from then on."""
    before, was_active = _facts(hook), hook.is_active
    hook.name, hook.url, hook.kinds = said["name"], said["url"], _in_order(said["kinds"])
    if hook.url != before["url"]:
        hook.rests_until = None
    if said["is_active"] and not was_active:
        hook.is_active, hook.off_reason, hook.since = True, None, now
        posting.settle(hook.id, "It is switched on again.")
    elif was_active and not said["is_active"]:
        posting.switch_off(hook, "", now)
    if before != _facts(hook):
        record(by, "changed", "webhook", (hook.id, hook.name), before, _facts(hook))


def rotate(hook: Hook, now: datetime, by: Actor) -> None:
    hook.secret, hook.earlier_secret, hook.earlier_until = standard.new_secret(), hook.secret, now + CHANGING
    record(by, "gave a new secret to", "webhook", (hook.id, hook.name))


def remove(hook: Hook, by: Actor) -> None:
    record(by, "removed", "webhook", (hook.id, hook.name), _facts(hook))
    posting.settle(hook.id, "The webhook was removed.")
    db.session.delete(hook)


def test(hook: Hook, now: datetime, by: Actor) -> HookAttempt:
    """Called like any other, and at once, however it has failed before."""
    hook.rests_until = None
    payload = {"type": TEST, "timestamp": now.isoformat(), "data": {"said": "A test, asked for by hand."}}
    attempt = HookAttempt(hook_id=hook.id, key=f"{TEST}:{uuid4().hex}", kind=TEST, payload=payload)
    db.session.add(attempt)
    record(by, "tested", "webhook", (hook.id, hook.name))
    return attempt


def try_again(attempt: HookAttempt, hook: Hook, by: Actor) -> None:
    """From the first of its tries, under the id that it has."""
    hook.rests_until = None
    attempt.waiting_since = attempt.not_before = func.now()
    attempt.attempts, attempt.given_up_at, attempt.error = 0, None, None
    record(by, "tried again", "call of a webhook", (attempt.id, f"{hook.name}: {attempt.kind}"))


def _url_problem(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return NO_URL
    if not is_whole or "@" in parts.netloc or parts.fragment:
        return NO_URL
    if len(url) > LONGEST_URL or not (url.isascii() and url.isprintable()) or " " in url:
        return f"At most {LONGEST_URL:,} letters, digits and signs, without spaces and umlauts."
    return calling.NOT_THERE if calling.is_forbidden(parts.hostname or "") else ""


def _in_order(kinds: Sequence[str]) -> list[str]:
    return [kind for kind in KINDS if kind in kinds]


def _facts(hook: Hook) -> dict[str, Any]:
    return {"name": hook.name, "url": hook.url, "kinds": list(hook.kinds), "is_active": hook.is_active}
