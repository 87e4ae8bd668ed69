"""Which names and stages occur. Jumps along an index from one to the next, however many facts lie between them."""

from __future__ import annotations

from sqlalchemy import text

from app.db import db
from app.events.funnel_event import FUNNEL_TYPES

MOST = 500
# A jump looks into each month: 15 names over 15 months of two million events take 3 ms.
NAMES = """
    WITH RECURSIVE names (name) AS (
        (SELECT name FROM {table} ORDER BY name LIMIT 1)
      UNION ALL
        SELECT (SELECT name FROM {table} WHERE name > names.name ORDER BY name LIMIT 1)
          FROM names WHERE names.name IS NOT NULL
    )
    SELECT name FROM names WHERE name IS NOT NULL LIMIT :most
"""
STAGES = """
    WITH RECURSIVE stages (funnel_type, stage) AS (
        (SELECT funnel_type, {stage} FROM funnel_events
          WHERE {stage} IS NOT NULL ORDER BY funnel_type, {stage} LIMIT 1)
      UNION ALL
        SELECT next.funnel_type, next.stage
          FROM stages
         CROSS JOIN LATERAL (SELECT funnel_type, {stage} AS stage FROM funnel_events
                              WHERE (funnel_type, {stage}) > (stages.funnel_type, stages.stage)
                                AND {stage} IS NOT NULL
                              ORDER BY funnel_type, {stage} LIMIT 1) next
    )
    SELECT funnel_type, stage FROM stages LIMIT :most
"""

Move = tuple[str, str]  # a funnel and one of its stages


def names() -> list[str]:
    """Of behaviour, also where its customers are not known yet."""
    known = db.session.scalars(text(NAMES.format(table="events")), {"most": MOST})
    waiting = db.session.scalars(text(NAMES.format(table="pending_events")), {"most": MOST})
    return sorted({*known, *waiting} - {*FUNNEL_TYPES})


def moves_to() -> list[Move]:
    return _moves("to_stage")


def moves_from() -> list[Move]:
    return _moves("from_stage")


def stages() -> list[str]:
    return sorted({stage for _, stage in [*moves_to(), *moves_from()]})


def _moves(stage: str) -> list[Move]:
    rows = db.session.execute(text(STAGES.format(stage=stage)), {"most": MOST})
    return [(row.funnel_type, row.stage) for row in rows]
