"""In which segments one person is: the lists that name them, and the rules that they meet."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, select

from app.db import db
from app.segments import audience, why
from app.segments.segment import ListedCustomer, Segment
from app.segments.unavailable import Unavailable

MOST = 100
SECONDS = 3.0  # for all of them together
LEAST = 0.05  # less than that answers nothing


@dataclass
class Membership:
    """`asked` of the `there` segments of rules were looked at; `broken` ones could not be computed."""

    lists: list[tuple[Segment, datetime]]
    there: int = 0
    asked: int = 0
    rules: list[Segment] = field(default_factory=list)
    broken: list[Segment] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return self.asked == self.there


def of(customer_id: int, now: datetime, seconds: float = SECONDS) -> Membership:
    """The latest changed first, until the time is over."""
    segments = list(db.session.scalars(_of_rules().order_by(Segment.updated_date.desc())))
    found, end = Membership(lists_of(customer_id), len(segments)), time.monotonic() + seconds
    for segment in segments[:MOST]:
        left = end - time.monotonic()
        if left < LEAST:
            break
        _ask(segment, customer_id, now, left, found)
        found.asked += 1
    return found


def lists_of(customer_id: int) -> list[tuple[Segment, datetime]]:
    """Each with the moment since when it names them."""
    mine = select(Segment, ListedCustomer.created_date.label("since")).join(
        ListedCustomer, ListedCustomer.customer_segment_id == Segment.id
    )
    wanted = mine.where(ListedCustomer.customer_id == customer_id, Segment.archived_at.is_(None))
    return [(row[0], row[1]) for row in db.session.execute(wanted.order_by(Segment.sort_name).limit(MOST))]


def _ask(segment: Segment, customer_id: int, now: datetime, seconds: float, found: Membership) -> None:
    try:
        if why.is_in(audience.of(segment, now), customer_id, seconds):
            found.rules.append(segment)
    except Unavailable:
        found.broken.append(segment)


def _of_rules() -> Select[Segment]:
    return select(Segment).where(Segment.type == "rules", Segment.archived_at.is_(None), ~Segment.is_passing)
