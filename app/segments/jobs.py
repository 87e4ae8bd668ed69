"""The back door of this room: segments are counted by the clock, one at a time, each kept before the next begins."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from app.db import db
from app.logs import log, place_of
from app.segments import sizes
from app.segments.segment import Segment

SECONDS = 120  # a round; the others of its queue want their turn, and whoever waits longest comes first in the next
BROKEN = "It could not be counted, for a reason that nobody foresaw; the log says where."


def measure_due(now: datetime) -> Iterator[None]:
    ends = time.monotonic() + SECONDS
    for segment_id in sizes.due(now):
        segment = db.session.get(Segment, segment_id, populate_existing=True)
        if segment:
            _measure(segment, now)
        yield
        if time.monotonic() > ends:
            return


def _measure(segment: Segment, now: datetime) -> None:
    """One that breaks steps aside until the next time, and holds up nobody."""
    try:
        with db.session.begin_nested():
            sizes.measure(segment, now)
    except (SQLAlchemyError, ValueError, LookupError, TypeError) as error:
        log.warning("segment", segment=segment.id, outcome="not counted", **place_of(error))
        segment.size, segment.sized_at, segment.size_problem = None, now, BROKEN
