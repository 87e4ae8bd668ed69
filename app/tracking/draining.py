"""From the stream into the database: hits in sets, each once, however often its line is read.

One worker at a time, by a lock that ends with its transaction: two would only do the same work twice.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from app.db import db
from app.logs import log
from app.tracking import judging, stream
from app.tracking.judging import Done
from app.tracking.stream import Portion

MINE = text("SELECT pg_try_advisory_xact_lock(hashtext('campus'), hashtext('drain hits'))")


def is_mine() -> bool:
    return bool(db.session.scalar(MINE))


def take(portion: Portion, now: datetime) -> Done:
    """Hits of mails that nobody knows, or that never went out, are dropped. Never commits."""
    done = judging.judge({one.delivery_id for one in portion.seen}, portion.seen, now)
    if passed_over := len(portion.ids) - done.kept:
        log.info("hits passed over", hits=passed_over, unreadable=len(portion.odd))
    return done


def due_jobs() -> list[str]:
    """For the tick: the stream is no table."""
    return [stream.DRAIN] if stream.is_waiting() else []
