"""An event of somebody who is not known yet, or whose address fits several: it waits, and joins them later."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, now_column


class PendingEvent(Model):
    __tablename__ = "pending_events"

    id: Mapped[int] = mapped_column(BigInteger, server_default=text("nextval('fact_ids')"), primary_key=True)
    kind: Mapped[str]
    lms_lead_id: Mapped[str | None]
    email_folded: Mapped[str | None]
    anonymous_id: Mapped[str | None]
    occurred_at: Mapped[datetime]
    received_at: Mapped[datetime] = now_column()
    name: Mapped[str]  # of the event, or the funnel's type
    from_stage: Mapped[str | None]
    to_stage: Mapped[str | None]
    properties: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    source_id: Mapped[str | None]
    receipt_id: Mapped[int | None] = mapped_column(BigInteger)
    receipt_index: Mapped[int | None]
    import_id: Mapped[int | None] = mapped_column(BigInteger)
    import_line: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        CheckConstraint("kind IN ('event', 'funnel')", name="kind"),
        CheckConstraint("num_nonnulls(lms_lead_id, email_folded, anonymous_id) > 0", name="who"),
        *(
            Index(f"ix_pending_events_{column}", column, postgresql_where=text(f"{column} IS NOT NULL"))
            for column in ("lms_lead_id", "email_folded", "anonymous_id")
        ),
        Index("ix_pending_events_received_at", "received_at"),
        Index("ix_pending_events_occurred_at_id", "occurred_at", "id"),
        Index("ix_pending_events_name_occurred_at", "name", "occurred_at"),
        Index("ix_pending_events_import_id_id", "import_id", "id", postgresql_where=text("import_id IS NOT NULL")),
    )
