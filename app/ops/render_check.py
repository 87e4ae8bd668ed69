"""A published version drawn for everybody of a segment: how far it is, and what was found."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.claims import Claimable
from app.db import Model, bigint_key, now_column


class RenderCheck(Claimable, Model):
    __tablename__ = "render_checks"

    id: Mapped[int] = bigint_key()
    version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("template_versions.id", ondelete="CASCADE"))
    segment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customer_segments.id", ondelete="CASCADE"))
    by_name: Mapped[str]
    created_date: Mapped[datetime] = now_column()
    planned: Mapped[int | None]  # people, once they are counted
    done: Mapped[int] = mapped_column(server_default=text("0"))
    after_id: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))  # whoever comes after is still to come
    report: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    cancelled_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_render_checks_due", "not_before", "id", postgresql_where=text("waiting_since IS NOT NULL")),
        Index("ix_render_checks_version_id", "version_id"),
        Index("ix_render_checks_segment_id", "segment_id"),
    )

    @property
    def is_at_work(self) -> bool:
        return self.finished_at is None and self.cancelled_at is None and self.failed_at is None
