"""A segment as it is now: how many, how many of them mail may reach, and ten of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.customers.customer import Customer
from app.segments import audience, gathering, keeping, sizes
from app.segments.answers import Answer
from app.segments.audience import Audience
from app.segments.gathering import Reach
from app.segments.segment import Segment
from app.segments.unavailable import Unavailable


@dataclass(frozen=True)
class Look:
    """`why` and nothing else where it cannot be computed."""

    count: int = 0
    reach: Reach | None = None
    sample: tuple[Customer, ...] = ()
    dropped: Answer | None = None
    why: Unavailable | None = None


def at(found: Audience, now: datetime) -> Look:
    """Raises Unavailable."""
    gathered = gathering.gather(found)
    return Look(gathered.count, gathering.reach(gathered, now), tuple(gathering.sample(gathered)), found.dropped)


def now(segment: Segment, moment: datetime) -> Look:
    """Its size is kept on the way."""
    look = _tried(segment, moment)
    if not keeping.is_still(segment):
        return look
    if look.why:
        sizes.fail(segment, look.why, moment)
    else:
        sizes.keep(segment, look.count, moment)
    return look


def _tried(segment: Segment, moment: datetime) -> Look:
    try:
        return at(audience.of(segment, moment), moment)
    except Unavailable as why:
        return Look(why=why)
