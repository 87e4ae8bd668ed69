"""Something to pick from: an image with its file, a video by its link, a reusable text or block of MJML."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, column_property, mapped_column

from app.db import Model, bigint_key, now_column

KINDS = ("image", "video", "text", "mjml")


class MediaFile(Model):
    """Under the hash of its content: the same picture twice is kept once, and its address never changes."""

    __tablename__ = "media_files"

    content_hash: Mapped[str] = mapped_column(Text, primary_key=True)
    mime: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_date: Mapped[datetime] = now_column()


class Medium(Model):
    __tablename__ = "media"

    id: Mapped[int] = bigint_key()
    kind: Mapped[str]
    name: Mapped[str] = mapped_column()
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    alt: Mapped[str] = mapped_column(server_default=text("''"))
    content_hash: Mapped[str | None] = mapped_column(Text, ForeignKey("media_files.content_hash"))
    width: Mapped[int | None]
    height: Mapped[int | None]
    size: Mapped[int | None] = mapped_column()  # bytes
    url: Mapped[str | None]  # of a video
    body: Mapped[str | None]  # of a text or a block
    version: Mapped[int] = mapped_column(server_default=text("1"))
    changed_by: Mapped[str] = mapped_column(server_default=text("''"))
    created_date: Mapped[datetime] = now_column()
    updated_date: Mapped[datetime] = now_column()
    sort_name: Mapped[str] = column_property(func.lower(name))
    sort_size: Mapped[int] = column_property(func.coalesce(size, -1))

    __table_args__ = (
        CheckConstraint("kind IN ('image', 'video', 'text', 'mjml')", name="kind"),
        Index("ix_media_created_date_id", "created_date", "id"),
    )
