"""A behaviour event. The table is partitioned by month; nothing may hold a foreign key into it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Sequence, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Model, now_column

# One sequence for behaviour, funnel moves and what still waits for its customer: an id names one fact.
FACT_IDS = Sequence("fact_ids", metadata=Base.metadata)


class Event(Model):
    __tablename__ = "events"

    id: Mapped[int] = mapped_column(BigInteger, server_default=text("nextval('fact_ids')"), primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(primary_key=True)
    # No foreign key to customers: its check per row would double the cost of an insert, and intake joins anyway.
    customer_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str]
    properties: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    received_at: Mapped[datetime] = now_column()
    source_id: Mapped[str | None]
    receipt_id: Mapped[int | None] = mapped_column(BigInteger)
    receipt_index: Mapped[int | None]
    import_id: Mapped[int | None] = mapped_column(BigInteger)
    import_line: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_events_customer_id_occurred_at", "customer_id", "occurred_at"),
        # With whom, so that segments read the index alone.
        Index("ix_events_name_occurred_at", "name", "occurred_at", postgresql_include=["customer_id"]),
        Index("ix_events_occurred_at", "occurred_at"),
        {"postgresql_partition_by": "RANGE (occurred_at)"},
    )
