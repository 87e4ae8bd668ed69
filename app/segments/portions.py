"""An audience a portion at a time, in order of the customers' ids: for those who fetch all of it, page after page."""

from __future__ import annotations

from sqlalchemy import text

from app.db import db
from app.segments.audience import Audience, hurried

NEXT = """
SELECT customer_id FROM (
{audience}
) audience
 WHERE customer_id > :portion_after
 ORDER BY customer_id
 LIMIT :portion_size
"""


def ids(found: Audience, after: int, most: int) -> list[int]:
    """Raises Unavailable."""
    asked = text(NEXT.format(audience=found.sql))
    with hurried():
        return list(db.session.scalars(asked, {**found.said, "portion_after": after, "portion_size": most}))
