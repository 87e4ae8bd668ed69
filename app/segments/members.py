"""Who has joined a segment since it was looked at last. The first look finds nobody new: they were there before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text

from app.db import db
from app.segments import audience
from app.segments.audience import Audience
from app.segments.member import SegmentWatch
from app.segments.segment import Segment

SECONDS = 120  # a million who join at the first look take twenty
# What is there already is not written again: of a million, those who came and went are few.
LOOK = """
    WITH present AS MATERIALIZED ({audience}),
    gone AS (
      DELETE FROM segment_members m
       WHERE m.segment_id = :watched AND NOT EXISTS (SELECT FROM present p WHERE p.customer_id = m.customer_id)
    )
    INSERT INTO segment_members (segment_id, customer_id, since)
    SELECT :watched, p.customer_id, :looked FROM present p
     WHERE NOT EXISTS (SELECT FROM segment_members m
                        WHERE m.segment_id = :watched AND m.customer_id = p.customer_id)
    RETURNING customer_id
"""
WITHIN = "SELECT a.customer_id FROM ({audience}) a WHERE a.customer_id = ANY (CAST(:asked AS bigint[]))"


def look(segment: Segment, now: datetime) -> list[int]:
    """The ids of those who joined. Raises Unavailable: then nobody has left and nobody has come."""
    found = audience.of(segment, now)
    is_first = _watch(segment.id, now)
    said = {**found.said, "watched": segment.id, "looked": now}
    with audience.hurried(SECONDS):
        joined = list(db.session.scalars(text(LOOK.format(audience=found.sql)), said))
    return [] if is_first else sorted(joined)


def within(found: Audience, customer_ids: list[int]) -> set[int]:
    """Those of them who are in it at this moment. Raises Unavailable."""
    with audience.hurried():
        asked = {**found.said, "asked": customer_ids}
        return set(db.session.scalars(text(WITHIN.format(audience=found.sql)), asked))


def forget(but: set[int]) -> None:
    """Segments that nobody waits for any more are not kept up to date, so the next to wait begins anew."""
    db.session.execute(text("DELETE FROM segment_watches WHERE segment_id <> ALL (:but)"), {"but": list(but)})


def _watch(segment_id: int, now: datetime) -> bool:
    """Held until the commit: two who look at once would each see half of those who joined."""
    held = select(SegmentWatch).where(SegmentWatch.segment_id == segment_id).with_for_update()
    watch = db.session.scalars(held).one_or_none()
    if watch is None:
        db.session.add(SegmentWatch(segment_id=segment_id, looked_at=now))
        db.session.flush()
        return True
    watch.looked_at = now
    db.session.flush()
    return False
