"""The back doors of this room."""

from __future__ import annotations

import time

from app.clock import clock
from app.db import db
from app.pump import SLICE, SetWork, Work, pump, stopping
from app.queue import job, ring
from app.tracking import credit, draining, recounting, reviewing, stream
from app.tracking.credit_work import CreditWork, Recount
from app.tracking.review import Review

AT_ONCE = 2_000  # hits in one transaction
REVIEWS = Work("Opens and clicks to judge again", Review, "upkeep", "tracking.review", batch=1)
CREDIT = SetWork("Conversions to credit", CreditWork, "events", "tracking.credit", batch=250)
RECOUNTS = SetWork("Conversions to count again", Recount, "upkeep", "tracking.recount", batch=1)
HOUR = 3600


@job("events")
def drain() -> int:
    """Commit, then forget: what is read a second time is known by its id."""
    done, ends = 0, time.monotonic() + SLICE
    while draining.is_mine():
        portion = stream.first(AT_ONCE)
        if not portion.ids:
            break
        if time.monotonic() > ends or stopping.is_set():
            ring(drain)
            break
        done += draining.take(portion, clock()).kept
        db.session.commit()
        stream.forget(portion)
    db.session.rollback()
    return done


@job("upkeep", timeout=HOUR)
def review() -> int:
    return pump(REVIEWS, reviewing.go_on)


@job("events", name="tracking.credit")
def give_credit() -> int:
    return pump(CREDIT, credit.settle)


@job("upkeep", name="tracking.recount")
def recount() -> int:
    return pump(RECOUNTS, recounting.settle)
