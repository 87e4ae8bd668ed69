"""One clock for all machines: the database's. Asked every two seconds; between two askings our own carries it on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.db import db

GOOD_FOR = 2.0  # seconds: two clocks do not part noticeably in so short a time
QUICK = 0.02  # an answer that took longer is right for this moment only: nobody knows when it was looked up


@dataclass(frozen=True)
class Heard:
    moment: datetime
    at: float  # by our own clock, which only runs forward


_heard: dict[str, Heard] = {}


def clock() -> datetime:
    """Never earlier than the database's, so that a row that was written before is due."""
    heard = _heard.get("last")
    since = time.monotonic() - heard.at if heard else GOOD_FOR
    return heard.moment + timedelta(seconds=since) if heard and since < GOOD_FOR else _ask()


def _ask() -> datetime:
    """Counted from when we asked, not from when the answer came."""
    asked = time.monotonic()
    moment: datetime = db.session.execute(select(func.clock_timestamp())).scalar_one()
    if time.monotonic() - asked <= QUICK:
        _heard["last"] = Heard(moment, asked)
    return moment
