"""How a door of /track begins and ends: who it is and when it was, then stored, committed, rung and answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar

from flask import Response
from msgspec import Meta

from app.blueprints.api.refusals import Refusal
from app.blueprints.track import visiting
from app.blueprints.track.visiting import Said
from app.catalogue.happened import Happened
from app.catalogue.screening import Refused
from app.catalogue.visitor import Visitor
from app.db import db
from app.events import doings, visits
from app.queue import ring

LATEST = timedelta(days=1)  # what a page has kept for longer counts as of then
NONE = timedelta(0)

Dated = Annotated[datetime, Meta(tz=True)]
Whole = Annotated[int, Meta(ge=0, le=2**53)]
Counted = Annotated[float, Meta(ge=0, le=2**53)]
Moment = Dated | Counted | Whole | None  # as text, or in milliseconds as browsers count
Found = TypeVar("Found")


class Timed(Said, kw_only=True):
    """`at`: when it was, `sent_at`: when it was sent, both by the clock of the page, which may be wrong."""

    at: Moment = None
    sent_at: Moment = None

    def moment(self, now: datetime) -> datetime:
        """By our clock: it was as long ago as the page has waited."""
        if self.at is None or self.sent_at is None:
            return now
        waited = (_milliseconds(self.sent_at) - _milliseconds(self.at)) / 1000
        return now - timedelta(seconds=min(max(waited, 0), LATEST.total_seconds()))


def begin(said: Said) -> tuple[Visitor, datetime]:
    """Whoever says both, a token and a session, brings along what the session did."""
    visitor, now = visiting.visitor(said), datetime.now(UTC)
    if visitor.lead and visitor.session_id:
        visits.join(visitor, now)
    return visitor, now


def taken(verb: Callable[..., Found], *said: Any) -> Found:
    try:
        return verb(*said)
    except Refused as refused:
        raise refusal(refused.code, refused.field, str(refused)) from None


def end(told: Sequence[Happened], now: datetime, **answer: Any) -> Response:
    for reject in doings.tell(told, now).rejects:
        raise refusal(reject.code, reject.field, reject.message)
    db.session.commit()
    ring("events")
    return visiting.success(**answer)


def refusal(code: str, field: str, message: str) -> Refusal:
    return Refusal(422, code, f"{field}: {message}", [{"field": field, "message": message}])


def _milliseconds(said: datetime | float) -> float:
    return said.timestamp() * 1000 if isinstance(said, datetime) else said
