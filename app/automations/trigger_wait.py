"""What is going to be answered, and when: one row per (automation, customer, occasion), kept with what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.claims import Claimable
from app.db import Model, bigint_key


class TriggerWait(Claimable, Model):
    """`is_alone`: this person has one of them at a time, however often it happens meanwhile."""

    __tablename__ = "trigger_waits"

    id: Mapped[int] = bigint_key()
    automation_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("automations.id", ondelete="CASCADE"))
    customer_id: Mapped[int] = mapped_column(BigInteger)
    occasion: Mapped[str]
    happened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    is_alone: Mapped[bool] = mapped_column(server_default=text("false"))
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    outcome: Mapped[str | None]
    settled_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_trigger_waits_due", "not_before", "id", postgresql_where=text("waiting_since IS NOT NULL")),
        Index("uq_trigger_waits_occasion", "automation_id", "customer_id", "occasion", unique=True),
        Index(
            "uq_trigger_waits_alone",
            "automation_id",
            "customer_id",
            unique=True,
            postgresql_where=text("is_alone AND outcome IS NULL"),
        ),
        Index("ix_trigger_waits_customer_id_id", "customer_id", "id"),
        Index("ix_trigger_waits_settled_at", "settled_at", postgresql_where=text("settled_at IS NOT NULL")),
    )


class TriggerLast(Model):
    """When a person was answered last, where there is at most one answer in a while."""

    __tablename__ = "trigger_last"

    automation_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("automations.id", ondelete="CASCADE"), primary_key=True
    )
    customer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime]

    __table_args__ = (Index("ix_trigger_last_customer_id", "customer_id"),)
