"""Hits are judged again mail by mail, in order; a worker that is killed goes on where the last one committed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import exists, select, text

from app.claims import NotYet
from app.db import db
from app.tracking import judging
from app.tracking.review import Review
from app.tracking.robots import RULES

SLICE = 1_000  # mails, whose rows are locked meanwhile
SLICES = 100  # then other work of the queue has its turn
TURN_OVER = "There is more; other work comes in between."
NEXT = text(
    """
    SELECT DISTINCT delivery_id FROM delivery_events
     WHERE delivery_id > :up_to ORDER BY delivery_id LIMIT :slice
    """
)


def begin(by_name: str) -> None:
    """One that waits or goes on under the same rules does it as well. Never commits."""
    if not db.session.scalar(select(exists().where(Review.rules == RULES, Review.waiting_since.is_not(None)))):
        db.session.add(Review(rules=RULES, by_name=by_name))
        db.session.flush()


def begin_again(_now: datetime) -> None:
    """Whoever starts the recurring job by hand asks for it at once."""
    begin("the clock")


def begin_where_rules_changed(_now: datetime) -> None:
    if not db.session.scalar(select(exists().where(Review.rules >= RULES))):
        begin("new rules")


def go_on(review_id: int, now: datetime) -> Iterator[None]:
    review = db.session.get_one(Review, review_id, populate_existing=True)
    for _ in range(SLICES):
        ids = db.session.scalars(NEXT, {"up_to": review.up_to, "slice": SLICE}).all()
        if not ids:
            review.finished_at = now
            return
        review.changed += judging.judge(ids, (), now).changed
        review.mails += len(ids)
        review.up_to = ids[-1]
        yield
    raise NotYet(TURN_OVER, timedelta(seconds=1))
