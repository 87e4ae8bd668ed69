"""A customer as other systems publish them. Read-only in the dashboard."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Computed, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key, now_column

# `fold` lower-cases and drops accents (migration 0001), so that kruger finds Krüger and Ö sorts beside O.
SEARCH_TEXT = """
fold(' ' || coalesce(first_name, '') || ' ' || coalesce(last_name, '') || ' ' || coalesce(email, '')
     || ' ' || coalesce(lms_lead_id, '') || ' ' || coalesce(mobile, '')
     || ' ' || regexp_replace(coalesce(mobile, ''), '[^0-9]', '', 'g'))"""
SORT_NAME = "fold(coalesce(last_name, '') || ' ' || coalesce(first_name, ''))"
EMAIL_FOLDED = "lower(coalesce(email, ''))"


class Customer(Model):
    __tablename__ = "customers"

    id: Mapped[int] = bigint_key()
    lms_lead_id: Mapped[str | None]
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    email: Mapped[str | None]
    mobile: Mapped[str | None]
    timezone: Mapped[str | None]
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    created_date: Mapped[datetime] = now_column()
    updated_date: Mapped[datetime] = now_column()
    erased_at: Mapped[datetime | None]
    source: Mapped[str | None]  # who published this customer first: “LMS (API)”, “import 7”
    asks_first: Mapped[bool] = mapped_column(server_default=text("false"))  # came while the team asked first
    import_id: Mapped[int | None] = mapped_column(BigInteger)
    sort_name: Mapped[str] = mapped_column(Text, Computed(SORT_NAME, persisted=True))
    email_folded: Mapped[str] = mapped_column(Text, Computed(EMAIL_FOLDED, persisted=True))
    search_text: Mapped[str] = mapped_column(Text, Computed(SEARCH_TEXT, persisted=True), deferred=True)

    __table_args__ = (
        Index("uq_customers_lms_lead_id", "lms_lead_id", unique=True),
        Index("ix_customers_sort_name_id", "sort_name", "id"),
        Index("ix_customers_email_folded_id", "email_folded", "id"),
        Index("ix_customers_created_date_id", "created_date", "id"),
        Index("ix_customers_erased", "id", postgresql_where=text("erased_at IS NOT NULL")),
        Index("ix_customers_timezone_created_date_id", "timezone", "created_date", "id"),
        Index("ix_customers_import_id_id", "import_id", "id", postgresql_where=text("import_id IS NOT NULL")),
        Index(
            "ix_customers_search_text",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        ),
        Index(
            "ix_customers_attributes",
            "attributes",
            postgresql_using="gin",
            postgresql_ops={"attributes": "jsonb_path_ops"},
        ),
    )

    @property
    def name(self) -> str:
        full = " ".join(part for part in (self.first_name, self.last_name) if part)
        return full or self.email or self.lms_lead_id or f"Customer {self.id}"

    @property
    def initials(self) -> str:
        letters = [part[0] for part in (self.first_name, self.last_name) if part]
        return "".join(letters or self.name[:1]).upper()
