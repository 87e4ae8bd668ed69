"""A mail in the local outbox, as it would have gone out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column


class OutboxMessage(Model):
    __tablename__ = "outbox_messages"

    id: Mapped[int] = bigint_key()
    key: Mapped[str]
    to_email: Mapped[str]
    from_email: Mapped[str]
    subject: Mapped[str]
    html: Mapped[str] = mapped_column(deferred=True)
    text: Mapped[str] = mapped_column(deferred=True)
    headers: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=sql("'{}'::jsonb"))
    tags: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=sql("'{}'::jsonb"))
    created_date: Mapped[datetime] = now_column()

    __table_args__ = (
        Index("uq_outbox_messages_key", "key", unique=True),
        Index("ix_outbox_messages_created_date_id", "created_date", "id"),
    )
