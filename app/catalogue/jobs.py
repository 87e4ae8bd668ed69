"""The back door of this room: counting takes minutes where the shop is large, so it has a job of its own.

It needs no row of work: whatever is lost of it is counted an hour later.
"""

from __future__ import annotations

from datetime import datetime

from app.catalogue import counting
from app.clock import clock
from app.db import db
from app.queue import job, ring

HALF_AN_HOUR = 1800


def begin(_now: datetime) -> None:
    ring(count)


@job("upkeep", timeout=HALF_AN_HOUR)
def count() -> int:
    """Each count is kept before the next begins."""
    done = 0
    for written in counting.count(clock()):
        db.session.commit()
        done += written
    return done
