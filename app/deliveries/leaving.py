"""Whoever says no by a link of a mail: the mail remembers it, the first time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from app.db import db
from app.deliveries import news
from app.deliveries.delivery import Delivery


def note(delivery_id: int | None, customer_id: int, now: datetime) -> None:
    """Theirs only: after a restore the numbers of mails come again, for other people."""
    theirs = Delivery.id == delivery_id, Delivery.customer_id == customer_id
    db.session.execute(update(Delivery).where(*theirs, Delivery.unsubscribed_at.is_(None)).values(unsubscribed_at=now))
    if delivery_id is not None:
        news.tell([delivery_id])
