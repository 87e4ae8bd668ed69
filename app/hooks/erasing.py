"""What was told of a person, or is still to be told, goes with them; whoever was told already has it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import text

from app.db import db, plain

FORGET = text("DELETE FROM hook_attempts WHERE customer_id = ANY (CAST(:ids AS bigint[])) RETURNING 1")
KNOWN = """
    SELECT h.name AS webhook, a.kind, a.payload, a.created_date, a.done_at, a.given_up_at
      FROM hook_attempts a JOIN hooks h ON h.id = a.hook_id WHERE a.customer_id = :id ORDER BY a.id
"""


def erase(ids: Collection[int]) -> Iterator[dict[str, int]]:
    yield {"calls of webhooks": len(db.session.execute(FORGET, {"ids": list(ids)}).all())}


def export(customer_id: int) -> dict[str, list[dict[str, Any]]]:
    return {"calls_of_webhooks": plain(KNOWN, id=customer_id)}


def move(survivor_id: int, other_id: int) -> None:
    """What was told stays as it was; it belongs to the survivor from now on."""
    moved = text("UPDATE hook_attempts SET customer_id = :survivor WHERE customer_id = :other")
    db.session.execute(moved, {"survivor": survivor_id, "other": other_id})
