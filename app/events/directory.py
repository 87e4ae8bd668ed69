"""The list of events: behaviour, funnel moves and what waits for its customer, by which words and filters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Connection, DateTime, column, text, true

from app.db import db
from app.events import occurring, parts, wanted
from app.events.fact import Fact
from app.events.funnel_event import FUNNEL_TYPES
from app.events.parts import Part, Values
from app.events.wanted import Wanted
from app.listing import DAMAGED, Ask, BadAsk, Field, Listing
from app.paging import BadCursor, Page, Turn, turn
from app.seeking import COUNT_CAP, FILTERED_CAP

KINDS = (("behaviour", "behaviour"), ("funnel", "funnel moves"), ("waiting", "waiting for a customer"))
FUNNELS = tuple((one, one.replace("-", " ")) for one in FUNNEL_TYPES)
STAGE_OPS = {"is": "from or to", "to": "to", "from": "from"}
TIME_OPS = {"after": "on or after", "before": "before", "within_last": "in the last days"}
IS = {"is": "is"}
SORTS = {"at": (column("at", DateTime(timezone=True)), column("id", BigInteger))}
AHEAD = {
    True: ("{at} <= :past_at", "({at}, id) < (:past_at, :past_id)"),
    False: ("{at} >= :past_at", "({at}, id) > (:past_at, :past_id)"),
}


def listing() -> Listing:
    """What is asked decides which index is read (app/events/parts.py), so no field is a clause of its own."""

    def clause(_op: str, _value: str) -> ColumnElement[bool]:
        return true()

    names, stages = _pairs(occurring.names()), _pairs(occurring.stages())
    fields = (
        Field("kind", "Kind", "choice", IS, clause, KINDS),
        Field("name", "Event", "text", IS, clause, names, is_open=True),
        Field("funnel", "Funnel", "choice", IS, clause, FUNNELS),
        Field("stage", "Stage", "text", STAGE_OPS, clause, stages, is_open=True),
        Field("customer", "Customer", "text", IS, clause),
        Field("at", "Time", "date", TIME_OPS, clause),
    )
    return Listing(SORTS, "-at", lambda _q: true(), {field.name: field for field in fields})


def asked(listing: Listing, ask: Ask, zone: ZoneInfo) -> Wanted:
    listing.where(ask)  # refuses what the list does not know
    return wanted.of(ask, zone)


def page(listing: Listing, ask: Ask, asked: Wanted) -> Page[Fact]:
    here, cap = _turn(listing, ask), COUNT_CAP if ask.is_plain else FILTERED_CAP
    values = Values()
    made = parts.of(asked, values)
    found = read(db.session.connection(), made, values, here)
    shown = found[: here.limit]
    return here.page(shown, len(found) > here.limit, _count(made, values, cap), cap)


def read(connection: Connection, made: Sequence[Part], values: Values, here: Turn) -> list[Fact]:
    if not made:
        return []
    way = "DESC" if here.is_downward else "ASC"
    ahead = AHEAD[here.is_downward] if here.past else ()
    union = " UNION ALL ".join(f"({part.page(way, ahead)})" for part in made)
    given: dict[str, Any] = {**values, "most": here.most}
    if here.past:
        given |= {"past_at": here.past[0], "past_id": here.past[1]}
    rows = connection.execute(
        text(f"SELECT DISTINCT ON (at, id) * FROM ({union}) facts ORDER BY at {way}, id {way} LIMIT :most"), given
    )
    return [Fact(*row) for row in rows]


def _turn(listing: Listing, ask: Ask) -> Turn:
    try:
        return turn(listing.order(ask), ask.cursor)
    except BadCursor as error:
        raise BadAsk(DAMAGED) from error


def _count(made: Sequence[Part], values: Values, cap: int) -> int:
    """Exact up to the cap, as everywhere."""
    if not made:
        return 0
    union = " UNION ALL ".join(f"({part.counted()})" for part in made)
    counted = text(f"SELECT count(DISTINCT id) FROM ({union}) counted")
    return int(db.session.connection().execute(counted, {**values, "cap": cap + 1}).scalar_one())


def _pairs(values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((value, value) for value in values)
