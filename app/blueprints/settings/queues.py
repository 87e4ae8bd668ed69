"""Settings → Queues: what waits, what runs, what failed and why, and what comes round by itself."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from redis.exceptions import RedisError

from app import claims, htmx
from app.access import actor, may
from app.audit import record
from app.db import db
from app.ops import clockwork, presence, recurring, work
from app.pump import Work
from app.queue import redis_connection, ring

door = Blueprint("settings_queues", __name__, url_prefix="/settings/queues")


@door.get("")
@may("administer")
def index() -> Response:
    return htmx.answer(
        "settings/queues/index.html",
        "settings/queues/_queues.html",
        waiting=list(work.waiting().values()),
        cap=work.CAP,
        running=work.running(),
        failed=work.failed(),
        failed_count=sum(work.failed_counts().values()),
        recurring=recurring.rows(),
        present=_present(),
    )


@door.post("/retries")
@may("administer")
def retry() -> Response:
    table, key = _sent(request.form)
    if not table.may_be_retried:
        abort(404)
    if not claims.retry(table.model, key):
        return _gone()
    record(actor(), "retried", table.table, (key, f"{table.said}: {key}"))
    db.session.commit()
    ring(table.job)
    return htmx.go(url_for("settings_queues.index"), f"“{key}” is tried again.")


@door.get("/discards/new")
@may("administer")
def ask_to_discard() -> Response:
    table, key = _discarded(request.args)
    return htmx.answer("settings/queues/discard.html", table=table, key=key)


@door.post("/discards")
@may("administer")
def discard() -> Response:
    table, key = _discarded(request.form)
    if not claims.discard(table.model, key):
        return _gone()
    record(actor(), "discarded", table.table, (key, f"{table.said}: {key}"))
    db.session.commit()
    return htmx.go(url_for("settings_queues.index"), f"“{key}” is discarded.")


@door.post("/runs")
@may("administer")
def run_now() -> Response:
    name = request.form.get("name", "")
    row = recurring.run_now(name) or abort(404)
    record(actor(), "started", "recurring", (name, name))
    db.session.commit()
    ring(clockwork.work(row.queue).job)
    return htmx.go(url_for("settings_queues.index"), f"“{name}” runs now.")


def _sent(values: Any) -> tuple[Work, Any]:
    return work.find(values.get("table", ""), values.get("key", "").replace("\0", "")) or abort(404)


def _discarded(values: Any) -> tuple[Work, Any]:
    table, key = _sent(values)
    return (table, key) if table.may_be_discarded else abort(404)


def _gone() -> Response:
    """Somebody else was quicker, or it has been tried again since."""
    return htmx.go(url_for("settings_queues.index"), "That row no longer stands among the failed ones.", "warn")


def _present() -> Counter[str] | None:
    """Processes by what they listen to; None when Redis, where they say so, does not answer."""
    try:
        return Counter(who.what for who in presence.everybody(redis_connection()))
    except (RedisError, OSError):
        return None
