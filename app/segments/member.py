"""Who was in a segment when it was looked at last, and since when: only where somebody waits for people to join."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model


class SegmentWatch(Model):
    __tablename__ = "segment_watches"

    segment_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("customer_segments.id", ondelete="CASCADE"), primary_key=True
    )
    looked_at: Mapped[datetime]


class SegmentMember(Model):
    __tablename__ = "segment_members"

    segment_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("segment_watches.segment_id", ondelete="CASCADE"), primary_key=True
    )
    customer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    since: Mapped[datetime]

    __table_args__ = (Index("ix_segment_members_customer_id", "customer_id"),)
