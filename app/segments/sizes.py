"""How large a segment is and was: counted when it is saved or looked at, and by the clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from app.db import db
from app.segments import audience
from app.segments.segment import Segment, SegmentSize
from app.segments.unavailable import Unavailable

KEPT = 400  # sizes that a page shows at the most
EVERY = timedelta(hours=6)


def measure(segment: Segment, now: datetime) -> int | None:
    """Counts it; what cannot be counted keeps its reason. Who changed it meanwhile has counted it. Never commits."""
    version, found = segment.version, _counted(segment, now)
    held = db.session.get(Segment, segment.id, populate_existing=True, with_for_update=True)
    if held is None or held.version != version:
        return None
    if not isinstance(found, Unavailable):
        return keep(held, found, now)
    fail(held, found, now)
    return None


def fail(segment: Segment, why: Unavailable, now: datetime) -> None:
    segment.size, segment.sized_at, segment.size_problem = None, now, why.said


def keep(segment: Segment, size: int, now: datetime) -> int:
    segment.size, segment.sized_at, segment.size_problem = size, now, None
    minute = now.replace(second=0, microsecond=0)
    new = insert(SegmentSize).values(segment_id=segment.id, at=minute, size=size)
    db.session.execute(new.on_conflict_do_update(index_elements=["segment_id", "at"], set_={"size": size}))
    return size


def due(now: datetime) -> list[int]:
    """Those that nobody has counted for a while, whoever waits longest first."""
    old = or_(Segment.sized_at.is_(None), Segment.sized_at < now - EVERY)
    waiting = select(Segment.id).where(Segment.archived_at.is_(None), ~Segment.is_passing, old)
    return list(db.session.scalars(waiting.order_by(Segment.sized_at.nulls_first(), Segment.id)))


def history(segment: Segment) -> list[SegmentSize]:
    """The oldest first."""
    mine = select(SegmentSize).where(SegmentSize.segment_id == segment.id)
    return list(db.session.scalars(mine.order_by(SegmentSize.at.desc()).limit(KEPT)))[::-1]


def _counted(segment: Segment, now: datetime) -> int | Unavailable:
    try:
        return audience.count(audience.of(segment, now))
    except Unavailable as why:
        return why
