"""A behaviour event. The table is partitioned by month; nothing may hold a foreign key into it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, now_column


class Event(Model):
    __tablename__ = "events"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=False), primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(primary_key=True)
    # No foreign key to customers: its check per row would double the cost of an insert, and intake joins anyway.
    customer_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    properties: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    received_at: Mapped[datetime] = now_column()

    __table_args__ = (
        Index("ix_events_customer_id_occurred_at", "customer_id", "occurred_at"),
        Index("ix_events_name_occurred_at", "name", "occurred_at"),
        {"postgresql_partition_by": "RANGE (occurred_at)"},
    )
