"""On which lists an erased person stood, and where a segment quotes them. Audiences left them out before this."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import text

from app.customers.erasing import Person
from app.db import db, plain

WORD = "erased"
LISTED = text(
    """
    WITH gone AS (
      DELETE FROM customer_segment_customer_list WHERE customer_id = ANY (:ids) RETURNING customer_segment_id
    ),
    touched AS (
      UPDATE customer_segments SET size = NULL, sized_at = NULL WHERE id IN (SELECT customer_segment_id FROM gone)
    )
    SELECT count(*) FROM gone
    """
)
# An address wherever it stands; a lead id only as a whole text of rules or SQL, for it may be a mere number.
QUOTING = (
    """
    UPDATE segment_versions SET definition = regexp_replace(definition::text, :quoted, :word, 'gi')::jsonb
     WHERE definition::text ~* :quoted RETURNING 1
    """,
    """
    UPDATE customer_segments
       SET rules = regexp_replace(rules::text, :quoted, :word, 'gi')::jsonb,
           arguments = regexp_replace(arguments::text, :quoted, :word, 'gi')::jsonb,
           selection_sql = regexp_replace(selection_sql, :quoted, :word, 'gi'),
           name = regexp_replace(name, :quoted, :word, 'gi'),
           description = regexp_replace(description, :quoted, :word, 'gi')
     WHERE concat_ws(' ', rules::text, arguments::text, selection_sql, name, description) ~* :quoted RETURNING 1
    """,
)
KNOWN = """
    SELECT s.name AS segment, l.created_date AS since, l.source
      FROM customer_segment_customer_list l JOIN customer_segments s ON s.id = l.customer_segment_id
     WHERE l.customer_id = :id ORDER BY l.id
"""


def erase(person: Person) -> Iterator[dict[str, int]]:
    db.session.execute(text("DELETE FROM segment_members WHERE customer_id = ANY (:ids)"), {"ids": person.ids})
    yield {"lists": db.session.scalar(LISTED, {"ids": person.ids}) or 0}
    ways = [re.escape(email) for email in person.emails]
    ways += [rf"(?<=[\"']){re.escape(lead)}(?=\\?[\"'])" for lead in person.leads]
    if ways:
        said = {"quoted": "|".join(ways), "word": WORD}
        yield {"quoted in segments": sum(len(db.session.execute(text(part), said).all()) for part in QUOTING)}


def export(customer_id: int) -> dict[str, list[dict[str, Any]]]:
    return {"lists": plain(KNOWN, id=customer_id)}
