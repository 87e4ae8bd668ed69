"""A customer moved from one stage of a funnel to another."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, now_column

FUNNEL_TYPES = ("sales", "service-delivery")


class FunnelEvent(Model):
    __tablename__ = "funnel_events"

    id: Mapped[int] = mapped_column(BigInteger, server_default=text("nextval('fact_ids')"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id"))
    funnel_type: Mapped[str]
    from_stage: Mapped[str | None]
    to_stage: Mapped[str]
    created_date: Mapped[datetime] = now_column()
    received_at: Mapped[datetime] = now_column()
    source_id: Mapped[str | None]
    receipt_id: Mapped[int | None] = mapped_column(BigInteger)
    receipt_index: Mapped[int | None]
    import_id: Mapped[int | None] = mapped_column(BigInteger)
    import_line: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        CheckConstraint("funnel_type IN ('sales', 'service-delivery')", name="funnel_type"),
        Index("ix_funnel_events_customer_id_funnel_type_created_date", "customer_id", "funnel_type", "created_date"),
        Index("ix_funnel_events_created_date", "created_date"),
        Index("ix_funnel_events_move", "funnel_type", "to_stage", text("coalesce(from_stage, '')"), "created_date"),
        Index("ix_funnel_events_import_id_id", "import_id", "id", postgresql_where=text("import_id IS NOT NULL")),
    )
