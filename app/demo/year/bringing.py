"""Brings the year in by COPY; credit is given by the product's own verb, so that all figures agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import psycopg
from sqlalchemy import select, text

from app.consent import statements, suppressions
from app.consent.suppressions import Incoming
from app.db import db
from app.deliveries import refs
from app.demo.plan import Plan
from app.demo.year import plans, readers, rows, sending, stories
from app.demo.year.readers import Reader
from app.demo.year.sending import Told, Year
from app.settings.topic import Topic
from app.tracking import credit

TABLES = ("runs", "run_variants", "deliveries", "delivery_events", "orders", "conversions", "attributions")
SLICE = 1_000  # people whose credit is given at once
HAPPENED = f"""
    SELECT e.id, e.customer_id, e.name, e.occurred_at, extract(epoch FROM e.occurred_at)::bigint AS at, e.properties,
           e.properties ->> 'order_id' AS order_id
      FROM ({readers.ONES}) one JOIN events e ON e.customer_id = one.id
     WHERE e.name = 'order_completed'
        OR e.name = 'checkout_started' AND (e.properties ->> 'total')::bigint >= 4000 AND NOT EXISTS (
             SELECT FROM events o WHERE o.customer_id = e.customer_id AND o.name = 'order_completed'
                AND o.occurred_at BETWEEN e.occurred_at AND e.occurred_at + interval '2 hours')
     ORDER BY e.occurred_at, e.id
"""
# One of thirty gives something back, one of sixty all of it. Nobody knows any more what each thing cost.
ORDERS = f"""
    INSERT INTO orders (order_id, customer_id, total, currency, status, refunded_total, items, ref, occurred_at,
                        created_date, updated_date)
    SELECT said.order_id, said.customer_id, said.total, said.currency,
           CASE WHEN said.number % 60 = 7 THEN 'refunded' ELSE 'paid' END,
           CASE WHEN said.number % 60 = 7 THEN said.total WHEN said.number % 60 = 31 THEN said.total / 2 ELSE 0 END,
           said.items, named.ref, said.occurred_at, said.occurred_at, said.occurred_at
      FROM (SELECT row_number() OVER (ORDER BY e.occurred_at, e.id) AS number, e.customer_id, e.occurred_at,
                   e.properties ->> 'order_id' AS order_id, (e.properties ->> 'total')::bigint AS total,
                   e.properties ->> 'currency' AS currency,
                   (SELECT jsonb_agg(jsonb_build_object('product_id', coalesce(p.product_id, called), 'name', called,
                                                        'quantity', 1))
                      FROM jsonb_array_elements_text(e.properties -> 'items') AS thing(called)
                      LEFT JOIN products p ON p.name = called) AS items
              FROM ({readers.ONES}) one JOIN events e ON e.customer_id = one.id
             WHERE e.name = 'order_completed' AND jsonb_typeof(e.properties -> 'items' -> 0) = 'string') said
      LEFT JOIN jsonb_to_recordset(CAST(:named AS jsonb)) AS named(order_id text, ref text)
             ON named.order_id = said.order_id
     ORDER BY said.number
"""
NEXT_ID = "SELECT setval(pg_get_serial_sequence('{0}', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM {0}), false)"


def bring(plan: Plan) -> dict[str, int]:
    """After everything else; returns how much of it there is."""
    people, some = readers.gather(plan), plans.of(plan)
    topics = {one.slug: one.id for one in db.session.scalars(select(Topic))}
    year = Year(plan, people, readers.wishes(), some, topics)
    happened = iter(db.session.execute(text(HAPPENED), readers.said(plan)))
    for at, name, call in sending.answers(people, happened):
        year.ask(at, name, call)
    told = year.go()
    _write(told, plan)
    _hear(told)
    stories.tell(told)
    _order(told, plan)
    _credit(people, plan)
    return {table: db.session.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in TABLES}


def _write(told: Told, plan: Plan) -> None:
    _put("runs", [{**run, "waiting_since": None} for run in told.runs])
    _put("run_variants", told.variants)
    _copy("deliveries", rows.MAIL_COLUMNS, told.mails)
    _copy("delivery_events", rows.HIT_COLUMNS, told.hits)
    first = db.session.scalar(text("SELECT nextval('fact_ids')")) or 1
    lines = (
        rows.event(first + n, who, at, tail, plan.calendar) for n, (at, who, tail) in enumerate(sorted(told.events))
    )
    _copy("events", rows.EVENT_COLUMNS, lines)
    db.session.execute(text("SELECT setval('fact_ids', :next, false)"), {"next": first + len(told.events)})
    for table in ("runs", "deliveries"):
        db.session.execute(text(NEXT_ID.format(table)))


def _put(table: str, some: Sequence[dict[str, Any]]) -> None:
    names = ", ".join(some[0]) if some else ""
    given = f"jsonb_populate_recordset(NULL::{table}, CAST(:rows AS jsonb))"
    if some:
        put = text(f"INSERT INTO {table} ({names}) SELECT {names} FROM {given}")
        db.session.execute(put, {"rows": msgspec.json.encode(some).decode()})


def _copy(table: str, columns: str, lines: Sequence[str] | Iterator[str]) -> None:
    with driver().cursor().copy(f"COPY {table} ({columns}) FROM STDIN".encode()) as stream:
        stream.write("".join(lines).encode())


def _hear(told: Told) -> None:
    statements.hear(told.statements)
    items = [Incoming(0, email, reason, readers.time(at), note) for email, reason, at, note in told.suppressed]
    if items:
        suppressions.put_many(items, "mail provider")


def _order(told: Told, plan: Plan) -> None:
    named = [{"order_id": order, "ref": refs.of(mail_id)} for order, mail_id in told.refs.items()]
    db.session.execute(text(ORDERS), {**readers.said(plan), "named": msgspec.json.encode(named).decode()})


def _credit(people: dict[int, Reader], plan: Plan) -> None:
    """What the orders ask for is done here at once."""
    db.session.execute(text("ANALYZE runs, deliveries, delivery_events, orders"))
    ids = sorted(people)
    for first in range(0, len(ids), SLICE):
        credit.give(dict.fromkeys(ids[first : first + SLICE], credit.EVER), plan.now_at)
    db.session.execute(text("DELETE FROM credit_work"))
    db.session.execute(text("ANALYZE conversions, attributions"))


def driver() -> psycopg.Connection[Any]:
    """The session's own connection, so that COPY is part of its transaction."""
    connection = db.session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    return connection
