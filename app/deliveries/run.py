"""A run: one mail to one audience at one planned time, with everything that it uses frozen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.claims import Claimable
from app.db import Model, bigint_key, now_column

STATES = ("planning", "sending", "paused", "finished", "cancelled", "failed")
OPEN = ("planning", "sending", "paused")
MESSAGES = "messages-"  # how the key of a run begins that takes one mail after the other, all day


class Run(Claimable, Model):
    """`key` names the occasion for ever: whoever would make the same run again finds it there.

    The columns of work are those of planning; once it is planned its batches are the work.
    """

    __tablename__ = "runs"

    id: Mapped[int] = bigint_key()
    key: Mapped[str]
    automation_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("automations.id", ondelete="SET NULL"))
    name: Mapped[str]
    planned_for: Mapped[datetime]
    open_until: Mapped[datetime | None]  # more mails may come until then; none: all of them are planned at once
    since: Mapped[datetime | None]  # when the audience of the run before it was taken
    state: Mapped[str] = mapped_column(server_default=text("'planning'"))
    state_reason: Mapped[str] = mapped_column(server_default=text("''"))
    version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("template_versions.id"))
    subject: Mapped[str | None]  # none: that of its version
    segment_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("customer_segments.id", ondelete="SET NULL"))
    segment_name: Mapped[str] = mapped_column(server_default=text("''"))
    purpose: Mapped[str]
    topic: Mapped[str | None]
    timezone: Mapped[str]
    sender: Mapped[str]
    reply_to: Mapped[str | None]
    behaviour: Mapped[str | None]  # what people did in the shop that it answers, or launch
    discount_pool_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("discount_pools.id", ondelete="SET NULL")
    )
    goal: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    limits: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    audience: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))  # see `rechecking`
    next_post_at: Mapped[datetime | None]  # where it may send only so many a minute
    planned: Mapped[int] = mapped_column(server_default=text("0"))
    by_name: Mapped[str]
    created_date: Mapped[datetime] = now_column()
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    judged_from: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))  # what somebody has seen of it
    judge_after: Mapped[datetime | None]  # before that the brakes leave it alone
    canary_out_at: Mapped[datetime | None]  # the first few are out, and the others wait
    canary_until: Mapped[datetime | None]  # then they follow by themselves

    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(map(repr, STATES))})", name="state"),
        Index("uq_runs_key", "key", unique=True),
        Index("ix_runs_created_date_id", "created_date", "id"),
        Index("ix_runs_automation_id_id", "automation_id", "id"),
        Index("ix_runs_version_id", "version_id"),
        Index("ix_runs_segment_id", "segment_id"),
        Index("ix_runs_due", "not_before", "id", postgresql_where=text("waiting_since IS NOT NULL")),
        Index("ix_runs_behaviour", "behaviour", postgresql_where=text("behaviour IS NOT NULL")),
        Index("ix_runs_discount_pool_id", "discount_pool_id", postgresql_where=text("discount_pool_id IS NOT NULL")),
        Index("ix_runs_with_goal", "id", postgresql_where=text("goal IS NOT NULL")),
    )

    @property
    def takes_more(self) -> bool:
        """Not everybody who gets it was there when it began."""
        return self.key.startswith(MESSAGES) or self.open_until is not None
