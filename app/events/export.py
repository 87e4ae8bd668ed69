"""Events as CSV, streamed: page after page along the same indexes as the list, newest first."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Engine, select

from app.customers.customer import Customer
from app.customers.export import guarded, written
from app.db import db
from app.events import arrivals, directory, parts
from app.events.arrivals import Arrival
from app.events.fact import Fact
from app.events.parts import Part, Values
from app.events.wanted import Wanted
from app.listing import Ask, Listing
from app.paging import Turn

BATCH = 2_000
COLUMNS = (
    "id",
    "occurred_at",
    "kind",
    "name",
    "from_stage",
    "to_stage",
    "customer_id",
    "lms_lead_id",
    "email",
    "properties",
    "received_at",
    "source",
    "source_id",
)


def lines(listing: Listing, ask: Ask, asked: Wanted) -> Iterator[str]:
    """On a connection of its own: the stream outlives the request, its session and its context."""
    values = Values()
    made = parts.of(asked, values)
    return _lines(db.engine, made, values, Turn(listing.order(ask), None, None, BATCH))


def _lines(engine: Engine, made: Sequence[Part], values: Values, here: Turn) -> Iterator[str]:
    yield "\ufeff" + _line(COLUMNS)
    with engine.connect() as connection:
        while facts := directory.read(connection, made, values, here):
            people, came = _people(connection, facts), arrivals.of(facts, connection)
            yield "".join(_line(_cells(fact, people, came)) for fact in facts)
            here = Turn(here.order, None, (facts[-1].at, facts[-1].id), BATCH)


def _people(connection: Connection, facts: Sequence[Fact]) -> dict[int, tuple[str | None, str | None]]:
    ids = {fact.customer_id for fact in facts if fact.customer_id}
    rows = connection.execute(select(Customer.id, Customer.lms_lead_id, Customer.email).where(Customer.id.in_(ids)))
    return {row.id: (row.lms_lead_id, row.email) for row in rows}


def _cells(fact: Fact, people: dict[int, tuple[str | None, str | None]], came: dict[int, Arrival]) -> list[str]:
    lead, email = people.get(fact.customer_id or 0, (fact.lms_lead_id, fact.email_folded))
    said = (
        fact.id,
        fact.at,
        fact.kind,
        fact.name,
        fact.from_stage,
        fact.to_stage,
        fact.customer_id,
        lead,
        email,
        dict(fact.properties) or None,
        fact.received_at,
        arrivals.said(fact, came),
        fact.source_id,
    )
    return [guarded(written(one)) for one in said]


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
