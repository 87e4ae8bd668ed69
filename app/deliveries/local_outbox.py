"""What stands in the local outbox, the newest first."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, func, select

from app.db import db
from app.deliveries.outbox_message import OutboxMessage
from app.listing import Listing, folded

KEPT = timedelta(days=30)


def _search(q: str) -> ColumnElement[bool]:
    return func.fold(OutboxMessage.to_email + " " + OutboxMessage.subject).contains(folded(q), autoescape=True)


LISTING = Listing({"created": (OutboxMessage.created_date, OutboxMessage.id)}, "-created", _search)


def messages() -> Select[OutboxMessage]:
    return select(OutboxMessage)


def find(message_id: int) -> OutboxMessage | None:
    return db.session.get(OutboxMessage, message_id) if message_id < 2**63 else None


def called(key: str) -> OutboxMessage | None:
    return db.session.scalars(select(OutboxMessage).where(OutboxMessage.key == key)).one_or_none()


def forget_old(now: datetime) -> int:
    gone = delete(OutboxMessage).where(OutboxMessage.created_date < now - KEPT).returning(OutboxMessage.id)
    return len(db.session.execute(gone).all())
