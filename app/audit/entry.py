"""One change. Written in the transaction of the change itself, so neither exists without the other."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Computed, Index, Text, desc
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.audit.actor import Actor
from app.db import Model, bigint_key, db, now_column

SEARCH_TEXT = "fold(' ' || actor_name || ' ' || verb || ' ' || subject_type || ' ' || subject_name)"


class Entry(Model):
    __tablename__ = "audit"

    id: Mapped[int] = bigint_key()
    at: Mapped[datetime] = now_column()
    actor_kind: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    actor_name: Mapped[str]
    verb: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[str | None]
    subject_name: Mapped[str]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    search_text: Mapped[str] = mapped_column(Text, Computed(SEARCH_TEXT, persisted=True), deferred=True)

    __table_args__ = (
        Index("ix_audit_at_id", "at", "id"),
        Index("ix_audit_subject_type_subject_id", "subject_type", "subject_id", desc("at")),
        Index(
            "ix_audit_search_text",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        ),
    )


def record(
    by: Actor,
    verb: str,
    subject_type: str,
    subject: tuple[int | str | None, str],
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> Entry:
    """`record(by, "changed the role of", "user", (user.id, user.email), {"role": "viewer"}, {"role": "editor"})`"""
    subject_id, subject_name = subject
    entry = Entry(
        actor_kind=by.kind,
        actor_id=by.id,
        actor_name=by.name,
        verb=verb,
        subject_type=subject_type,
        subject_id=None if subject_id is None else str(subject_id),
        subject_name=subject_name,
        before=before,
        after=after,
    )
    db.session.add(entry)
    return entry
