"""What tests bring in: facts that show only what matters, and the tables they end in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.customers.who import Who
from app.db import db
from app.events import event_work, intake, pending  # noqa: F401 — their tables are emptied too
from app.events.incoming import Incoming, Origin
from app.tally import Tally
from tests.factories import NOW


def event(who: Who, name: str = "login", at: datetime = NOW, id: str | None = None, **properties: Any) -> Incoming:
    return Incoming(0, "event", who, name, at, id, properties)


def move(who: Who, to_stage: str, from_stage: str | None = None, at: datetime = NOW, id: str | None = None) -> Incoming:
    return Incoming(0, "funnel", who, "sales", at, id, {}, from_stage, to_stage)


def store(*facts: Incoming, origin: Origin = Origin(), now: datetime = NOW) -> Tally:  # noqa: B008 — it is frozen
    for index, fact in enumerate(facts):
        fact.index = index
    tally = intake.store(facts, origin, now)
    db.session.commit()
    return tally


def rows(table: str) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in db.session.execute(text(f"SELECT * FROM {table} ORDER BY id"))]


def said(tally: Tally) -> tuple[int, int, list[str]]:
    return tally.created, tally.unchanged, [reject.code for reject in tally.rejects]
