"""May something be sent to a person? ONE predicate, for counts, for planning a million and for the post of one.

`judged` is a query of (customer_id, refusal); refusal is NULL for whoever may be written to, else why not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.db import db
from app.settings import topics
from app.settings.topic import Topic

PURPOSES = ("promotional", "informational", "transactional")
REFUSALS = ("no_address", "bad_address", "suppressed", "unsubscribed")

# On a topic: nobody said no for this address, and the person said yes or never was asked.
IS_ON = """(coalesce({person}.is_given, {default}) AND {address}.is_given IS NOT FALSE)"""
MASTER_ON = IS_ON.format(person="pm", address="am", default="true")
TOPIC_ON = IS_ON.format(person="pt", address="at", default="{is_on} AND NOT c.asks_first")
JUDGED = """
    SELECT c.id AS customer_id,
           CASE WHEN c.email_folded = ''                 THEN 'no_address'
                WHEN c.email_folded NOT LIKE '_%@_%._%'  THEN 'bad_address'
                WHEN s.id IS NOT NULL                  THEN 'suppressed'
                {unsubscribed} END AS refusal
      FROM customers c
      LEFT JOIN suppressions s ON s.email_folded = c.email_folded
      {joins}
     WHERE c.erased_at IS NULL {among}
"""
MARKETING = f"""
                WHEN NOT {MASTER_ON} THEN 'unsubscribed'
                WHEN p.until > :now THEN 'unsubscribed'"""
MARKETING_JOINS = """
      LEFT JOIN customer_standings pm ON pm.customer_id = c.id AND pm.topic_id = :master
      LEFT JOIN address_standings am ON am.email_folded = c.email_folded AND am.topic_id = :master
      LEFT JOIN pauses p ON p.customer_id = c.id
"""
TOPIC = f"""
                WHEN NOT {TOPIC_ON.format(is_on=":is_on")} THEN 'unsubscribed'"""
TOPIC_JOINS = """
      LEFT JOIN customer_standings pt ON pt.customer_id = c.id AND pt.topic_id = :topic
      LEFT JOIN address_standings at ON at.email_folded = c.email_folded AND at.topic_id = :topic
"""


class UnknownTopic(ValueError):
    """There is no topic of this name: nobody may be written to about it."""


@dataclass(frozen=True)
class Judgement:
    """A query in words of PostgreSQL, and what it is told."""

    sql: str
    said: dict[str, Any]


def judged(purpose: str, topic: str | None, now: datetime, among: str = "") -> Judgement:
    """Of everyone, or of those `among` leaves: a condition on `c`, like `c.id = ANY (:ids)`.

    Transactional mail passes whoever unsubscribed; a bounce or a complaint stops all mail.
    """
    if purpose not in PURPOSES:
        raise ValueError(f"There is no purpose {purpose!r}.")
    said: dict[str, Any] = {"now": now}
    joins = unsubscribed = ""
    if purpose != "transactional":
        joins, unsubscribed, said["master"] = MARKETING_JOINS, MARKETING, topics.id_of(topics.MASTER)
        if topic not in (None, topics.MASTER):
            found = _known(topic)
            joins, unsubscribed = joins + TOPIC_JOINS, unsubscribed + TOPIC
            said |= {"topic": found.id, "is_on": found.is_on}
    among = f"AND ({among})" if among else ""
    sql = JUDGED.format(joins=joins, unsubscribed=unsubscribed, among=among)
    return Judgement(sql, said)


def refusals(customer_ids: Sequence[int], purpose: str, topic: str | None, now: datetime) -> dict[int, str | None]:
    """Why not, for each of these that there is."""
    judgement = judged(purpose, topic, now, "c.id = ANY (:ids)")
    rows = db.session.execute(text(judgement.sql), judgement.said | {"ids": list(customer_ids)})
    return {row.customer_id: row.refusal for row in rows}


def counted(purpose: str, topic: str | None, now: datetime) -> dict[str | None, int]:
    """How many of everyone may be written to (None), and how many not, by reason."""
    judgement = judged(purpose, topic, now)
    # The planner takes a million refusals for a million different ones, and would count them by one process alone.
    db.session.execute(text("SET LOCAL parallel_tuple_cost = 0"))
    rows = db.session.execute(
        text(f"SELECT refusal, count(*) AS people FROM ({judgement.sql}) judged GROUP BY refusal"), judgement.said
    )
    return {row.refusal: row.people for row in rows}


def permitted(purpose: str, topic: str | None, now: datetime) -> int:
    """How many may be written to."""
    judgement = judged(purpose, topic, now)
    sql = f"SELECT count(*) FROM ({judgement.sql}) judged WHERE refusal IS NULL"
    return db.session.scalar(text(sql), judgement.said) or 0


def _known(topic: str | None) -> Topic:
    found = topics.called(topic or "")
    if found is None:
        raise UnknownTopic(topic)
    return found
