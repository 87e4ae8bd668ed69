"""A file and the journey it takes; the row is also the work, claimed by one worker at a time.

uploading → columns → staging → matching → preview → applying → done → undoing → undone; a person may leave it
earlier (discarded before anything was written, stopped after), and a file that is none ends as failed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.claims import Claimable
from app.db import Model, bigint_key, now_column

KINDS = ("customers", "funnel_events", "segment_list", "products")
STATES = (
    "uploading",
    "columns",
    "staging",
    "matching",
    "preview",
    "applying",
    "done",
    "undoing",
    "undone",
    "stopped",
    "discarded",
    "failed",
)
AT_WORK = ("staging", "matching", "applying", "undoing")


def counter() -> Mapped[int]:
    return mapped_column(BigInteger, server_default=text("0"))


class Import(Claimable, Model):
    __tablename__ = "imports"

    id: Mapped[int] = bigint_key()
    kind: Mapped[str]
    state: Mapped[str]
    filename: Mapped[str]
    size: Mapped[int] = counter()
    sha256: Mapped[str | None]
    by_name: Mapped[str]
    by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("users.id", ondelete="SET NULL"))
    created_date: Mapped[datetime] = now_column()

    dialect: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    columns: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    options: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    goes_on: Mapped[bool] = mapped_column(server_default=text("false"))  # without asking: from the command line

    staged_line: Mapped[int] = counter()  # where reading may start again
    staged_bytes: Mapped[int] = counter()
    staged_rows: Mapped[int] = counter()
    applied_through: Mapped[int] = counter()  # persons are written in order of their ids, up to this one
    applied_rows: Mapped[int] = counter()

    rows: Mapped[int] = counter()  # = created + updated + unchanged + rejected
    created: Mapped[int] = counter()
    updated: Mapped[int] = counter()
    unchanged: Mapped[int] = counter()
    rejected: Mapped[int] = counter()
    preview: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    undo: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))

    phase_began_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    problem: Mapped[str | None]
    waiting_since: Mapped[datetime | None]  # most of the journey waits for a person, not for a worker

    __table_args__ = (
        CheckConstraint("kind IN ('customers', 'funnel_events', 'segment_list', 'products')", name="kind"),
        CheckConstraint(f"state IN ({', '.join(repr(state) for state in STATES)})", name="state"),
        Index("ix_imports_created_date_id", "created_date", "id"),
        Index("ix_imports_by_id", "by_id"),
    )

    @property
    def said(self) -> str:
        """As the history of what it wrote names it."""
        return f"import {self.id}"


class ImportChunk(Model):
    """A megabyte of the file, compressed: any worker on any machine can read it."""

    __tablename__ = "import_chunks"

    import_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    size: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class ImportReject(Model):
    """A row that was left out, and why."""

    __tablename__ = "import_rejects"

    import_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    column_name: Mapped[str | None]
    code: Mapped[str]
    reason: Mapped[str]
    row: Mapped[str] = mapped_column(Text)
