"""Attributes: their declared or observed types, their history, and the indexes that hot numbers ask for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column

FIELD_TYPES = ("numeric", "string", "date", "timestamp", "boolean", "array")


class AttributeType(Model):
    """What a name holds. A declared type binds it; an observed one only helps forms and tables."""

    __tablename__ = "attribute_types"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    field_type: Mapped[str]
    is_declared: Mapped[bool] = mapped_column(server_default=text("false"))
    created_date: Mapped[datetime] = now_column()

    __table_args__ = (
        CheckConstraint(
            "field_type IN ('numeric', 'string', 'date', 'timestamp', 'boolean', 'array')", name="field_type"
        ),
    )


class AttributeChange(Model):
    __tablename__ = "attribute_changes"

    id: Mapped[int] = bigint_key()
    customer_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("customers.id", ondelete="CASCADE"))
    name: Mapped[str]
    old: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    new: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    source: Mapped[str]
    at: Mapped[datetime] = now_column()
    is_column: Mapped[bool] = mapped_column(server_default=text("false"))  # of `customers`, as the e-mail is
    import_id: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_attribute_changes_customer_id_name_at", "customer_id", "name", "at"),
        Index("ix_attribute_changes_at", "at", postgresql_using="brin"),
        Index(
            "ix_attribute_changes_import_id_customer_id",
            "import_id",
            "customer_id",
            postgresql_where=text("import_id IS NOT NULL"),
        ),
    )
