"""What was counted already: a key of each fact that carried an id of its source, whatever its time said."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, now_column


class EventKey(Model):
    __tablename__ = "event_keys"

    key: Mapped[UUID] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime] = now_column()

    __table_args__ = (Index("ix_event_keys_seen_at", "seen_at", postgresql_using="brin"),)
