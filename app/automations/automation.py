"""An automation: a segment, a template and a time. What it was each time that it was saved is kept as a version."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, column_property, mapped_column

from app.db import Model, bigint_key, now_column


class Automation(Model):
    """`next_at`: the next planned time while it is active; the row that schedulers look at."""

    __tablename__ = "automations"

    id: Mapped[int] = bigint_key()
    name: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column(server_default=text("''"))
    segment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("customer_segments.id"))
    template_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("message_templates.id"))
    subject: Mapped[str | None]  # none: the template's
    variants: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    purpose: Mapped[str] = mapped_column(server_default=text("'promotional'"))
    topic: Mapped[str | None]  # a slug; transactional mail has none
    timezone: Mapped[str | None]  # none: the team's
    sender_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("senders.id", ondelete="SET NULL"))
    reply_to: Mapped[str | None]
    discount_pool_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("discount_pools.id"))
    trigger: Mapped[dict[str, Any]]
    goal: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    limits: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    is_active: Mapped[bool] = mapped_column(server_default=text("false"))
    next_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    looked_until: Mapped[datetime | None]  # of one that follows another: until when its mails have been seen
    version: Mapped[int] = mapped_column(server_default=text("1"))
    changed_by: Mapped[str] = mapped_column(server_default=text("''"))
    created_date: Mapped[datetime] = now_column()
    updated_date: Mapped[datetime] = now_column()
    archived_at: Mapped[datetime | None]
    is_passing: Mapped[bool] = mapped_column(server_default=text("false"))  # made for one launch, and gone with it
    sort_name: Mapped[str] = column_property(func.lower(name))
    # What does not act comes after all that do.
    sort_next: Mapped[datetime] = column_property(func.coalesce(next_at, text("timestamptz '2999-01-01 00:00+00'")))

    __table_args__ = (
        CheckConstraint("purpose IN ('promotional', 'informational', 'transactional')", name="purpose"),
        Index("ix_automations_updated_date_id", "updated_date", "id"),
        Index("ix_automations_next_at", "next_at", postgresql_where=text("is_active AND next_at IS NOT NULL")),
        Index(
            "ix_automations_event",
            text("(trigger ->> 'event')"),
            postgresql_where=text("is_active AND trigger ->> 'event' IS NOT NULL"),
        ),
        Index("ix_automations_segment_id", "segment_id"),
        Index("ix_automations_template_id", "template_id"),
        Index("ix_automations_discount_pool_id", "discount_pool_id"),
    )


class AutomationVersion(Model):
    __tablename__ = "automation_versions"

    automation_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("automations.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True)
    definition: Mapped[dict[str, Any]]
    by_name: Mapped[str]
    created_date: Mapped[datetime] = now_column()
