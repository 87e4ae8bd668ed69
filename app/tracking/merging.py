"""Two customers become one: what came back of the mails of both is the survivor's."""

from __future__ import annotations

from sqlalchemy import text

from app.db import db


def move(survivor_id: int, other_id: int) -> None:
    """After their mails: whoever takes hits in meanwhile reads under the lock of the mail whose they are."""
    db.session.execute(
        text("UPDATE delivery_events SET customer_id = :survivor WHERE customer_id = :other"),
        {"survivor": survivor_id, "other": other_id},
    )
