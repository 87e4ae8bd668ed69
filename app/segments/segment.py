"""A segment: a list, a statement, a function or rules; its versions, its sizes, and whom a list names."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, column_property, mapped_column

from app.db import Model, bigint_key, now_column

TYPES = ("manual", "sql", "function", "rules")


class Segment(Model):
    __tablename__ = "customer_segments"

    id: Mapped[int] = bigint_key()
    name: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column(server_default=text("''"))
    type: Mapped[str]
    selection_sql: Mapped[str | None]
    handler_function: Mapped[str | None]
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    rules: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    changed_by: Mapped[str] = mapped_column(server_default=text("''"))
    size: Mapped[int | None] = mapped_column()  # as it was last counted
    sized_at: Mapped[datetime | None]
    size_problem: Mapped[str | None]  # why it could not be counted
    created_date: Mapped[datetime] = now_column()
    updated_date: Mapped[datetime] = now_column()
    archived_at: Mapped[datetime | None]
    is_passing: Mapped[bool] = mapped_column(server_default=text("false"))  # made for one launch, and gone with it

    # What lists are sorted by; one that nobody could count comes before the empty ones.
    sort_name: Mapped[str] = column_property(func.lower(name))
    sort_size: Mapped[int] = column_property(func.coalesce(size, -1))

    __table_args__ = (
        CheckConstraint("type IN ('manual', 'sql', 'function', 'rules')", name="type"),
        Index("ix_customer_segments_updated_date_id", "updated_date", "id"),
        Index("ix_customer_segments_name_id", text("lower(name)"), "id"),
    )


class SegmentVersion(Model):
    """What it was, each time that it was saved."""

    __tablename__ = "segment_versions"

    segment_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("customer_segments.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True)
    definition: Mapped[dict[str, Any]]
    by_name: Mapped[str]
    created_date: Mapped[datetime] = now_column()


class SegmentSize(Model):
    __tablename__ = "segment_sizes"

    segment_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("customer_segments.id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[datetime] = mapped_column(primary_key=True)
    size: Mapped[int]


class ListedCustomer(Model):
    """Whom a list names. Under this name SQL segments see it."""

    __tablename__ = "customer_segment_customer_list"

    id: Mapped[int] = bigint_key()
    customer_segment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customer_segments.id", ondelete="CASCADE"))
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id", ondelete="CASCADE"))
    created_date: Mapped[datetime] = now_column()
    source: Mapped[str] = mapped_column(server_default=text("''"))
    import_id: Mapped[int | None] = mapped_column(BigInteger)  # whoever undoes it takes these people out again

    __table_args__ = (
        Index(
            "uq_customer_segment_customer_list_customer_segment_id",
            "customer_segment_id",
            "customer_id",
            unique=True,
        ),
        Index("ix_customer_segment_customer_list_customer_id", "customer_id"),
        Index(
            "ix_customer_segment_customer_list_import_id_id",
            "import_id",
            "id",
            postgresql_where=text("import_id IS NOT NULL"),
        ),
    )
