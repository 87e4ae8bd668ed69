"""A template: the draft that people write, the versions that were published, and the links of each version."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, column_property, mapped_column

from app.db import Model, bigint_key, now_column

TYPES = ("email", "whatsapp")


class MessageTemplate(Model):
    """`blocks` while it is composed; once it is edited as code they are gone for good and `message` is all."""

    __tablename__ = "message_templates"

    id: Mapped[int] = bigint_key()
    name: Mapped[str] = mapped_column()
    description: Mapped[str] = mapped_column(server_default=text("''"))
    type: Mapped[str]
    templating_type: Mapped[str] = mapped_column(server_default=text("'mjml'"))
    subject: Mapped[str] = mapped_column(server_default=text("''"))
    preheader: Mapped[str] = mapped_column(server_default=text("''"))
    message: Mapped[str] = mapped_column(server_default=text("''"))
    blocks: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    policies: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    version: Mapped[int] = mapped_column(server_default=text("1"))
    published: Mapped[int | None]  # the number of the version that goes out
    starter: Mapped[str | None]
    changed_by: Mapped[str] = mapped_column(server_default=text("''"))
    created_date: Mapped[datetime] = now_column()
    updated_date: Mapped[datetime] = now_column()
    archived_at: Mapped[datetime | None]
    sort_name: Mapped[str] = column_property(func.lower(name))

    __table_args__ = (
        CheckConstraint("type IN ('email', 'whatsapp')", name="type"),
        CheckConstraint("templating_type = 'mjml'", name="templating_type"),
        Index("ix_message_templates_updated_date_id", "updated_date", "id"),
        Index("uq_message_templates_starter", "starter", unique=True, postgresql_where=text("starter IS NOT NULL")),
    )


class TemplateVersion(Model):
    """Frozen: what was published is what goes out, whatever happens to the draft."""

    __tablename__ = "template_versions"

    id: Mapped[int] = bigint_key()
    template_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("message_templates.id", ondelete="CASCADE"))
    number: Mapped[int]
    subject: Mapped[str]
    preheader: Mapped[str]
    message: Mapped[str]
    blocks: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    html: Mapped[str]
    text: Mapped[str]
    policies: Mapped[dict[str, Any]]
    fields: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    weight: Mapped[int]  # bytes of the HTML
    by_name: Mapped[str]
    created_date: Mapped[datetime] = now_column()

    __table_args__ = (Index("uq_template_versions_template_id", "template_id", "number", unique=True),)


class Link(Model):
    __tablename__ = "links"

    id: Mapped[int] = bigint_key()
    version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("template_versions.id", ondelete="CASCADE"))
    place: Mapped[int]
    href: Mapped[str]
    label: Mapped[str]

    __table_args__ = (Index("uq_links_version_id", "version_id", "place", unique=True),)
