"""What a product caused: which automations called people because of it, and its launches with their runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text

from app.automations.launch import Launch
from app.db import db

LAUNCHES = 20
# The index of claims begins with the automation: few answer what people do in the shop, each is looked up once.
CALLED = text(
    """
    SELECT a.id, a.name, said.people, said.last
      FROM automations a
      JOIN LATERAL (SELECT count(*) AS people, max(c.at) AS last FROM behaviour_claims c
                     WHERE c.automation_id = a.id AND c.product_id = :key) said ON said.people > 0
     WHERE a.trigger ? 'behaviour'
     ORDER BY said.last DESC
    """
)


@dataclass(frozen=True)
class Called:
    id: int
    name: str
    people: int
    last: datetime


def called(key: str) -> list[Called]:
    return [Called(row.id, row.name, row.people, row.last) for row in db.session.execute(CALLED, {"key": key})]


def launches(key: str) -> Sequence[Launch]:
    mine = select(Launch).where(Launch.product_id == key)
    return db.session.scalars(mine.order_by(Launch.received_at.desc()).limit(LAUNCHES)).all()
