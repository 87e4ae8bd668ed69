"""Which facts are what somebody waits for: among work rows of a moment, since another fact of a person, or lately."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from app.db import db
from app.events import conditions
from app.events.conditions import Condition

FUNNEL = "funnel"  # the name that moves go by, whatever their funnel
MOVE = "jsonb_build_object('funnel_type', e.funnel_type, 'from_stage', e.from_stage, 'to_stage', e.to_stage)"
OF_WORK = """
    SELECT w.customer_id, w.event_id, w.occurred_at AS at, {doc} AS properties
      FROM event_work w
      JOIN {table} e ON e.id = w.event_id AND e.{time} = w.occurred_at
     WHERE w.id = ANY (CAST(:keys AS bigint[])) AND w.kind = :kind AND {is_named} AND w.occurred_at > :oldest AND {test}
     ORDER BY w.occurred_at, w.event_id
"""
SINCE = """
    SELECT said.key
      FROM unnest(CAST(:asked AS bigint[]), CAST(:customers AS bigint[]), CAST(:since AS timestamptz[]))
           AS said(key, customer_id, since)
     WHERE EXISTS (SELECT FROM {table} e
                    WHERE e.customer_id = said.customer_id AND e.{time} > said.since AND {is_named} AND {test})
"""
BETWEEN = """
    SELECT said.key, e.id AS event_id, e.{time} AS at, {doc} ->> 'order_id' AS order_id
      FROM unnest(CAST(:asked AS bigint[]), CAST(:customers AS bigint[]),
                  CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[]))
           AS said(key, customer_id, since, until)
      JOIN {table} e ON e.customer_id = said.customer_id AND e.{time} BETWEEN said.since AND said.until
     WHERE e.{time} BETWEEN :oldest AND :latest AND {is_named} AND {test}
"""
LATELY = """
    SELECT e.customer_id, e.{time} AS at FROM {table} e
     WHERE {is_named} AND e.{time} > :oldest AND e.{time} <= :latest AND {test}
"""
LATEST = """
    SELECT max(e.{time}) FROM {table} e WHERE e.customer_id = :customer AND e.{time} > :since AND {is_named} AND {test}
"""
MEANWHILE = """
    EXISTS (SELECT FROM {table} e
             WHERE e.customer_id = called.customer_id AND e.{time} > called.at
               AND e.{time} <= called.at + CAST(:delay AS interval) AND e.{time} > :oldest AND {is_named} AND {test})
"""


@dataclass(frozen=True)
class Match:
    customer_id: int
    event_id: int
    at: datetime
    properties: dict[str, Any]


@dataclass(frozen=True)
class Span:
    """A time of a person in which something may have happened; `key` is whatever the asker knows it by."""

    key: int
    customer_id: int
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Found:
    key: int
    event_id: int
    at: datetime
    order_id: str | None  # that it tells of


def names_of(keys: Sequence[int]) -> list[str]:
    """By which triggers call what has come."""
    asked = "SELECT DISTINCT CASE kind WHEN 'funnel' THEN 'funnel' ELSE name END FROM event_work WHERE id = ANY (:keys)"
    return list(db.session.scalars(text(asked), {"keys": list(keys)}))


def of_work(
    keys: Sequence[int], name: str, where: Sequence[Condition], oldest: datetime, now: datetime, zone: ZoneInfo
) -> list[Match]:
    """In the order in which it happened."""
    sql, said = _asked(OF_WORK, name, "w.name", where, now, zone)
    said |= {"keys": list(keys), "kind": "funnel" if name == FUNNEL else "event", "oldest": oldest}
    return [Match(**row) for row in db.session.execute(text(sql), said).mappings()]


def since(
    asked: Sequence[tuple[int, int, datetime]], name: str, where: Sequence[Condition], now: datetime, zone: ZoneInfo
) -> set[int]:
    """Of (key, customer, moment): the keys of those to whom it happened after that moment."""
    if not asked:
        return set()
    sql, said = _asked(SINCE, name, "e.name", where, now, zone)
    keys, customers, moments = map(list, zip(*asked, strict=True))
    return set(db.session.scalars(text(sql), {**said, "asked": keys, "customers": customers, "since": moments}))


def between(asked: Sequence[Span], name: str, where: Sequence[Condition], now: datetime, zone: ZoneInfo) -> list[Found]:
    """Whatever happened in each of these times."""
    if not asked:
        return []
    sql, said = _asked(BETWEEN, name, "e.name", where, now, zone)
    said |= {"oldest": min(one.since for one in asked), "latest": max(one.until for one in asked)}
    said |= {"asked": [one.key for one in asked], "customers": [one.customer_id for one in asked]}
    said |= {"since": [one.since for one in asked], "until": [one.until for one in asked]}
    return [Found(**row) for row in db.session.execute(text(sql), said).mappings()]


def latest(
    customer_id: int, name: str, where: Sequence[Condition], after: datetime, now: datetime, zone: ZoneInfo
) -> datetime | None:
    """When it happened to this person last, if it did after that moment."""
    sql, said = _asked(LATEST, name, "e.name", where, now, zone)
    found: datetime | None = db.session.scalar(text(sql), {**said, "customer": customer_id, "since": after})
    return found


def lately(
    name: str, where: Sequence[Condition], oldest: datetime, now: datetime, zone: ZoneInfo
) -> tuple[str, dict[str, Any]]:
    """A select of customer_id and at, and what it is told."""
    sql, said = _asked(LATELY, name, "e.name", where, now, zone)
    return sql, {**said, "oldest": oldest, "latest": now}


def meanwhile(
    name: str, where: Sequence[Condition], delay: timedelta, oldest: datetime, now: datetime, zone: ZoneInfo
) -> tuple[str, dict[str, Any]]:
    """Whether it happened to whom a row of `called` names, while its delay was not over; and what that is told."""
    sql, said = _asked(MEANWHILE, name, "e.name", where, now, zone)
    return sql, {**said, "delay": delay, "oldest": oldest}


def _asked(
    sql: str, name: str, called: str, where: Sequence[Condition], now: datetime, zone: ZoneInfo
) -> tuple[str, dict[str, Any]]:
    said: dict[str, Any] = {}
    is_move = name == FUNNEL
    doc = MOVE if is_move else "e.properties"
    parts = {
        "doc": doc,
        "table": "funnel_events" if is_move else "events",
        "time": "created_date" if is_move else "occurred_at",
        "is_named": "true" if is_move else f"{called} = {_binder(said)(name)}",
        "test": conditions.sql(where, doc, _binder(said), now, zone),
    }
    return sql.format(**parts), said


def _binder(said: dict[str, Any]) -> Callable[[Any], str]:
    def bind(value: Any) -> str:
        name = f"p{len(said)}"
        said[name] = value
        return f":{name}"

    return bind
