"""One row per event, written with it: whoever answers to events claims these, and never looks for `id >`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.claims import Claimable
from app.db import Model, bigint_key


class EventWork(Claimable, Model):
    __tablename__ = "event_work"

    id: Mapped[int] = bigint_key()
    kind: Mapped[str]
    event_id: Mapped[int] = mapped_column(BigInteger)
    occurred_at: Mapped[datetime]
    customer_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]

    __table_args__ = (
        CheckConstraint("kind IN ('event', 'funnel')", name="kind"),
        Index("ix_event_work_waiting", "not_before", "id", postgresql_where=text("waiting_since IS NOT NULL")),
        Index("ix_event_work_failed", "failed_at", postgresql_where=text("failed_at IS NOT NULL")),
    )
