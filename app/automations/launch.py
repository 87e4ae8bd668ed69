"""A launch of a product: who has an interest in it gets one mail; each step has its time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column

STEPS = ("received", "audience", "sending", "done", "cleaned")


class Launch(Model):
    """`key`: whoever asks for the same launch again finds it; `outcome`: how its run ended, in a word.

    Its segment and its automation are gone once it is cleaned; the run stays.
    """

    __tablename__ = "launches"

    id: Mapped[int] = bigint_key()
    key: Mapped[str]
    interest: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    source: Mapped[str]  # api, catalogue, hand
    by_name: Mapped[str] = mapped_column(server_default=text("''"))
    product_id: Mapped[str | None]
    segment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("customer_segments.id", ondelete="SET NULL"))
    automation_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("automations.id", ondelete="SET NULL"))
    run_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("runs.id", ondelete="SET NULL"))
    scheduled_for: Mapped[datetime | None]
    received_at: Mapped[datetime] = now_column()
    audience_at: Mapped[datetime | None]
    sending_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    cleaned_at: Mapped[datetime | None]
    outcome: Mapped[str | None]

    __table_args__ = (
        Index("uq_launches_key", "key", unique=True),
        Index("ix_launches_open", "id", postgresql_where=text("cleaned_at IS NULL")),
        Index("ix_launches_received_at_id", "received_at", "id"),
        Index("ix_launches_run_id", "run_id"),
        Index("ix_launches_product_id", "product_id", postgresql_where=text("product_id IS NOT NULL")),
    )
