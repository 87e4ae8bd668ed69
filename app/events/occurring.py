"""Which names and stages occur. Jumps along an index from one to the next, however many facts lie between them."""

from __future__ import annotations

from dataclasses import dataclass

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
MOVES = text(
    """
    WITH RECURSIVE moves (funnel_type, came_from, to_stage) AS (
        (SELECT funnel_type, coalesce(from_stage, ''), to_stage FROM funnel_events
          ORDER BY funnel_type, to_stage, coalesce(from_stage, '') LIMIT 1)
      UNION ALL
        SELECT next.*
          FROM moves
         CROSS JOIN LATERAL (
           SELECT funnel_type, coalesce(from_stage, ''), to_stage FROM funnel_events
            WHERE (funnel_type, to_stage, coalesce(from_stage, ''))
                  > (moves.funnel_type, moves.to_stage, moves.came_from)
            ORDER BY funnel_type, to_stage, coalesce(from_stage, '') LIMIT 1) next
    )
    SELECT funnel_type, came_from, to_stage FROM moves LIMIT :most
    """
)


@dataclass(frozen=True)
class Move:
    """What many funnel moves have in common."""

    funnel: str
    came_from: str  # empty: from nowhere
    to: str

    def is_at(self, op: str, stage: str) -> bool:
        return stage in {"is": (self.came_from, self.to), "from": (self.came_from,), "to": (self.to,)}[op]


def names() -> list[str]:
    """Of behaviour, also where its customers are not known yet."""
    known = db.session.scalars(text(NAMES.format(table="events")), {"most": MOST})
    waiting = db.session.scalars(text(NAMES.format(table="pending_events")), {"most": MOST})
    return sorted({*known, *waiting} - {*FUNNEL_TYPES})


def moves() -> list[Move]:
    return [Move(*row) for row in db.session.execute(MOVES, {"most": MOST})]


def stages() -> list[str]:
    return sorted({stage for move in moves() for stage in (move.came_from, move.to) if stage})
