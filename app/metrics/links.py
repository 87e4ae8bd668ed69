"""Which links of the mails were followed, and by how many people: counted from the clicks themselves."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from app.db import db
from app.metrics.scope import ALL, Scope

CLICKED = """
    SELECT l.href, min(l.label) AS label, sum(clicks)::bigint AS clicks, sum(people)::bigint AS people
      FROM (
        SELECT d.run_id, d.variant, h.place, count(*) AS clicks, count(DISTINCT h.customer_id) AS people
          FROM delivery_events h JOIN deliveries d ON d.id = h.delivery_id
         WHERE h.kind = 'click' AND h.place IS NOT NULL AND {who}
           AND d.accepted_at >= :starts AND d.accepted_at < :ends AND {runs}
         GROUP BY d.run_id, d.variant, h.place
      ) counted
      JOIN runs r ON r.id = counted.run_id
      LEFT JOIN run_variants v ON v.run_id = counted.run_id AND v.place = counted.variant
      JOIN links l ON l.version_id = coalesce(v.version_id, r.version_id) AND l.place = counted.place
     GROUP BY l.href ORDER BY clicks DESC, l.href LIMIT :most
"""


@dataclass(frozen=True)
class Clicks:
    """`people`: of each run; who follows the same link in two mails counts twice."""

    href: str
    label: str
    clicks: int
    people: int


def clicked(scope: Scope, most: int) -> list[Clicks]:
    who = "true" if scope.who == ALL else "h.is_human"
    asked = text(CLICKED.format(who=who, runs=scope.runs("d.run_id")))
    return [Clicks(*row) for row in db.session.execute(asked, {**scope.said, "most": most})]
