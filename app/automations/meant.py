"""Whoever left the segment between planning and sending gets nothing, where somebody wants that.

Only what our own statements compute can be asked once more for each batch; SQL behind its wall and functions cannot.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.deliveries import rechecking
from app.deliveries.filling import Whom
from app.deliveries.rechecking import LIMIT
from app.deliveries.run import Run
from app.problem import Problem
from app.segments import audience, usage
from app.segments.audience import Audience
from app.segments.segment import Segment
from app.segments.unavailable import Unavailable

PATH = f"limits.{LIMIT}"
CANNOT = "Its segment asks SQL or a function, and these cannot be asked again for each batch: only lists and rules can."
NO_SEGMENT = "It has no segment that could be asked about again."
ASKED_ONCE = {"sql", "function"}


def problems(limits: Mapping[str, Any], segment_id: int | None, *, needs_segment: bool) -> list[Problem]:
    """What still lacks the segment that it needs is told so elsewhere."""
    if limits.get(LIMIT) is not True:
        return []
    if segment_id is None:
        return [] if needs_segment else [Problem(PATH, NO_SEGMENT)]
    return [Problem(PATH, CANNOT)] if usage.types_within(segment_id) & ASKED_ONCE else []


def keep(run: Run, segment: Segment, found: Audience, now: datetime, since: datetime | None = None) -> None:
    """`found`: of this moment. Raises Unavailable: nobody gets it unasked."""
    if not run.limits.get(LIMIT):
        return
    if found.dropped is not None:
        raise Unavailable(CANNOT)
    later = audience.of(segment, now + rechecking.STEP, since)
    if later.sql != found.sql:
        raise Unavailable("Somebody has changed its segment at this moment.")
    rechecking.keep(run, Whom(found.sql, found.said), Whom(later.sql, later.said), now)
