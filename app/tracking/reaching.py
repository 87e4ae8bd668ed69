"""Whether the goal of a mail was reached, by what and when: by an event of its person, or by their joining a segment.

It counts from when the mail was accepted; for whoever was held out of it, from when they would have got it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from app.db import db
from app.events import matching
from app.events.keys import ORDER_COMPLETED
from app.events.matching import Span
from app.tracking import goal as goals
from app.tracking.attribution import WHO, Reached
from app.tracking.goal import Goal

# Of a run that answers people all day, the moment of what it answers is nearer than that of the run.
MEANT = """
    coalesce(d.accepted_at, greatest(
      r.planned_for,
      CASE WHEN d.occasion LIKE 'event-%' THEN (d.facts -> 'event' ->> 'occurred_at')::timestamptz END,
      CASE WHEN d.occasion LIKE 'entered-%' THEN to_timestamp(substr(d.occasion, 9), 'YYYYMMDDHH24MISS') END))
"""
MAILS = f"""
    SELECT d.id, d.customer_id, who.since, {MEANT} AS at, d.accepted_at IS NULL AS is_held_out,
           r.goal::text AS goal, r.timezone
      FROM {WHO}
      JOIN deliveries d ON d.customer_id = who.customer_id
      JOIN runs r ON r.id = d.run_id AND r.goal IS NOT NULL
     WHERE (d.accepted_at IS NOT NULL OR (d.state = 'skipped' AND d.reason = 'holdout'))
       AND coalesce(d.accepted_at, r.planned_for) > who.since - interval '367 days'
     ORDER BY goal, r.timezone
"""
JOINS = """
    SELECT said.key, c.key AS joined, c.at
      FROM unnest(CAST(:asked AS bigint[]), CAST(:customers AS bigint[]),
                  CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[])) AS said(key, customer_id, since, until)
      JOIN conversions c ON c.customer_id = said.customer_id AND c.at BETWEEN said.since AND said.until
     WHERE c.kind = 'segment' AND split_part(c.key, ':', 2) = :segment
"""
# An event that tells of an order is that order, whichever of the two came first.
KEEP = (
    f"""
    DELETE FROM conversions c USING {WHO}
     WHERE c.customer_id = who.customer_id AND c.kind = 'event'
       AND EXISTS (SELECT FROM orders o WHERE o.order_id = c.order_id)
    """,
    """
    INSERT INTO conversions AS c (key, kind, customer_id, at, order_id)
    SELECT DISTINCT ON (said.key) said.key, :kind, said.customer_id, said.at, said.order_id
      FROM unnest(CAST(:keys AS text[]), CAST(:customers AS bigint[]),
                  CAST(:moments AS timestamptz[]), CAST(:orders AS text[])) AS said(key, customer_id, at, order_id)
     WHERE NOT EXISTS (SELECT FROM orders o WHERE o.order_id = said.order_id)
     ORDER BY said.key
    ON CONFLICT (key) DO UPDATE SET customer_id = excluded.customer_id WHERE c.customer_id <> excluded.customer_id
    """,
)


@dataclass(frozen=True)
class Mail:
    id: int
    customer_id: int
    since: datetime  # what happened before is known already
    at: datetime
    is_held_out: bool


def of(who: Mapping[str, Any], now: datetime) -> list[Reached]:
    """Which mails of these people have reached their goal since; whatever reached one of them is a conversion."""
    found: list[Reached] = []
    for wanted, zone, mails in _mails(who):
        found += _by_event(wanted, zone, mails, now) if wanted.event else _by_joining(wanted, mails)
    db.session.execute(text(KEEP[0]), who)
    _keep("event", [one for one in found if one.key.startswith("event:")])
    return found


def joined(segment_id: int, customer_ids: Sequence[int], now: datetime) -> list[Reached]:
    """They joined it at this moment: a conversion for whoever got a mail that was to bring them there."""
    said = f"segment:{segment_id}:%d:{now:%Y%m%d%H%M%S}"
    who = {"ids": list(customer_ids), "sinces": [now] * len(customer_ids)}
    found = [
        Reached(mail.id, mail.customer_id, said % mail.customer_id, now, mail.is_held_out)
        for wanted, _zone, mails in _mails(who)
        if wanted.segment_id == segment_id
        for mail in mails
        if mail.at <= now <= mail.at + wanted.within
    ]
    _keep("segment", found)
    return found


def _mails(who: Mapping[str, Any]) -> Iterator[tuple[Goal, ZoneInfo, list[Mail]]]:
    rows = db.session.execute(text(MAILS), who).all()
    for (said, zone), group in groupby(rows, lambda row: (row.goal, row.timezone)):
        with contextlib.suppress(goals.Wrong):  # nobody reaches what cannot be understood any more
            yield goals.read(json.loads(said), ZoneInfo(zone)), ZoneInfo(zone), [Mail(*row[:5]) for row in group]


def _by_event(wanted: Goal, zone: ZoneInfo, mails: Sequence[Mail], now: datetime) -> list[Reached]:
    asked, by_id = _spans(wanted, mails), {one.id: one for one in mails}
    is_order = wanted.event == ORDER_COMPLETED
    return [
        _reached(by_id[one.key], f"event:{one.event_id}", one.at, one.order_id if is_order else None)
        for one in matching.between(asked, wanted.event, wanted.where, now, zone)
    ]


def _by_joining(wanted: Goal, mails: Sequence[Mail]) -> list[Reached]:
    asked, by_id = _spans(wanted, mails), {one.id: one for one in mails}
    said = {
        "segment": str(wanted.segment_id),
        "asked": [one.key for one in asked],
        "customers": [one.customer_id for one in asked],
        "since": [one.since for one in asked],
        "until": [one.until for one in asked],
    }
    return [_reached(by_id[row.key], row.joined, row.at, None) for row in db.session.execute(text(JOINS), said)]


def _spans(wanted: Goal, mails: Sequence[Mail]) -> list[Span]:
    spans = (Span(one.id, one.customer_id, max(one.at, one.since), one.at + wanted.within) for one in mails)
    return [one for one in spans if one.since <= one.until]


def _reached(mail: Mail, key: str, at: datetime, order_id: str | None) -> Reached:
    return Reached(mail.id, mail.customer_id, key, at, mail.is_held_out, order_id)


def _keep(kind: str, found: Sequence[Reached]) -> None:
    """What only somebody reached who was held out is nobody's success."""
    mails = [one for one in found if not one.is_held_out]
    said = {
        "kind": kind,
        "keys": [one.key for one in mails],
        "customers": [one.customer_id for one in mails],
        "moments": [one.at for one in mails],
        "orders": [one.order_id for one in mails],
    }
    if mails:
        db.session.execute(text(KEEP[1]), said)
