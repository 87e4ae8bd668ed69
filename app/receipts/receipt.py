"""One call of another system: its body as it came (zlib), and what became of its items."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column

SOURCES = ("api", "segment", "webhook")


class Receipt(Model):
    __tablename__ = "receipts"

    id: Mapped[int] = bigint_key()
    source: Mapped[str]
    sender: Mapped[str]  # the name of the key, or of the webhook
    path: Mapped[str]
    external_id: Mapped[str | None]  # the webhook's own id: the same again has no second effect
    received_at: Mapped[datetime] = now_column()
    status: Mapped[int]
    received: Mapped[int] = mapped_column(server_default=text("0"))
    created: Mapped[int] = mapped_column(server_default=text("0"))
    updated: Mapped[int] = mapped_column(server_default=text("0"))
    unchanged: Mapped[int] = mapped_column(server_default=text("0"))
    rejected: Mapped[int] = mapped_column(server_default=text("0"))
    rejects: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)

    __table_args__ = (
        CheckConstraint("source IN ('api', 'segment', 'webhook')", name="source"),
        Index(
            "uq_receipts_source_sender_external_id",
            "source",
            "sender",
            "external_id",
            unique=True,
            postgresql_where=text("external_id IS NOT NULL"),
        ),
        Index("ix_receipts_source_id", "source", "id"),
        Index("ix_receipts_received_at", "received_at", postgresql_using="brin"),
    )
