"""Which links of the mails were followed, how often, and in how many mails."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from app.db import db
from app.metrics import sources
from app.metrics.scope import ALL, Scope

# Added up by version before it is asked for its links: there are few of them, and many runs.
CLICKED = """
    SELECT l.href, min(l.label) AS label, sum(counted.clicks)::bigint AS clicks, sum(counted.people)::bigint AS people
      FROM (SELECT coalesce(v.version_id, r.version_id) AS version_id, rows.place,
                   sum({clicks}) AS clicks, sum({people}) AS people
              FROM ({source}) rows
              JOIN runs r ON r.id = rows.run_id
              LEFT JOIN run_variants v ON v.run_id = rows.run_id AND v.place = rows.variant
             GROUP BY 1, 2) counted
      JOIN links l ON l.version_id = counted.version_id AND l.place = counted.place
     WHERE counted.clicks > 0
     GROUP BY l.href ORDER BY clicks DESC, l.href LIMIT :most
"""
# By people, or by machines as well.
WHO = {"clicks": "any_clicks", "people": "any_people"}


@dataclass(frozen=True)
class Clicks:
    """`people`: of each mail; who follows the same link in two mails counts twice."""

    href: str
    label: str
    clicks: int
    people: int


def clicked(scope: Scope, most: int) -> list[Clicks]:
    names = {name: WHO[name] if scope.who == ALL else name for name in WHO}
    asked = text(CLICKED.format(source=sources.links(scope), **names))
    return [Clicks(*row) for row in db.session.execute(asked, {**scope.said, "most": most})]
