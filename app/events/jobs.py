"""The work of this room: a row for each fact. Who answers to facts stands above it, and takes them."""

from __future__ import annotations

import time

from sqlalchemy.exc import DatabaseError, OperationalError

from app.catalogue import visit_stream
from app.catalogue.visit_stream import AT_ONCE, Portion
from app.clock import clock
from app.db import db
from app.events import visits
from app.events.event_work import EventWork
from app.logs import log, place_of
from app.pump import SLICE, SetWork, stopping
from app.queue import job, ring

EVENTS = SetWork("Effects of events", EventWork, "events", "events.take_effect")


@job("events", name=visit_stream.DRAIN)
def drain_views() -> int:
    """Commit, then forget: what is read a second time is known by its id."""
    done, most, ends = 0, AT_ONCE, time.monotonic() + SLICE
    while visits.is_mine():
        portion = visit_stream.first(most)
        if not portion.ids:
            break
        if time.monotonic() > ends or stopping.is_set():
            ring(drain_views)
            break
        taken = _take(portion)
        done += taken or 0
        most = most if taken is not None else max(1, len(portion.ids) // 2) if len(portion.ids) > 1 else AT_ONCE
    db.session.rollback()
    return done


def _take(portion: Portion) -> int | None:
    """None: the database refuses something of it. By halves it is found, and steps aside."""
    try:
        taken = visits.take(portion, clock())
        db.session.commit()
    except OperationalError:
        raise
    except DatabaseError as error:
        db.session.rollback()
        log.warning("views refused", views=len(portion.ids), **place_of(error))
        if len(portion.ids) == 1:
            visit_stream.put_aside(portion)
        return None
    visit_stream.forget(portion, taken.tried, taken.left)
    return taken.views
