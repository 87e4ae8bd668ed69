"""How many customers hold which kind of value under a name: counted if that is quick, else not at all."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.db import db

PATIENCE = "800ms"  # a million customers take about half of it

# A date is a text too; what looks like one may stay under either.
COUNT = text(
    r"""
    SELECT count(*)                                                       AS everybody,
           count(*) FILTER (WHERE jsonb_typeof(held) <> 'number')         AS numeric,
           count(*) FILTER (WHERE jsonb_typeof(held) <> 'string')         AS string,
           count(*) FILTER (WHERE jsonb_typeof(held) <> 'boolean')        AS boolean,
           count(*) FILTER (WHERE jsonb_typeof(held) <> 'array')          AS array,
           count(*) FILTER (WHERE jsonb_typeof(held) <> 'string'
                                  OR held #>> '{}' !~ '^\d{4}-\d\d-\d\d$') AS date,
           count(*) FILTER (WHERE jsonb_typeof(held) <> 'string'
                                  OR held #>> '{}' !~ '^\d{4}-\d\d-\d\dT') AS timestamp
      FROM (SELECT attributes -> :name AS held FROM customers WHERE attributes ? :name AND erased_at IS NULL) held
    """
)


def count(name: str) -> dict[str, int] | None:
    """Customers who hold another kind, by the type one might declare; `everybody` holds something."""
    try:
        with db.session.begin_nested():
            db.session.execute(text(f"SET LOCAL statement_timeout = '{PATIENCE}'"))
            row = db.session.execute(COUNT, {"name": name}).mappings().one()
            db.session.execute(text("SET LOCAL statement_timeout = DEFAULT"))
    except OperationalError:
        return None
    return dict(row)
