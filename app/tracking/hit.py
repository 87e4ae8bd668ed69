"""One request that a mail caused: somebody, or a machine, opened it, followed a link, or read it in a browser."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model

KINDS = ("open", "click", "view")


class Hit(Model):
    """As it came, for good; `reason` says by which rule it was judged, so that it can be judged again."""

    __tablename__ = "delivery_events"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    at: Mapped[datetime]
    delivery_id: Mapped[int] = mapped_column(BigInteger)
    run_id: Mapped[int] = mapped_column(BigInteger)
    customer_id: Mapped[int] = mapped_column(BigInteger)
    place: Mapped[int | None] = mapped_column(SmallInteger)  # of the link
    is_human: Mapped[bool]
    reason: Mapped[str]
    method: Mapped[str] = mapped_column(server_default=text("'GET'"))
    agent: Mapped[str] = mapped_column(server_default=text("''"))

    __table_args__ = (
        CheckConstraint(f"kind IN ({', '.join(map(repr, KINDS))})", name="kind"),
        Index("ix_delivery_events_delivery_id", "delivery_id"),
        Index("ix_delivery_events_customer_id_at", "customer_id", "at"),
        Index("ix_delivery_events_at", "at", postgresql_using="brin"),
        Index(
            "ix_delivery_events_clicks",
            "run_id",
            "place",
            postgresql_include=["delivery_id", "customer_id", "is_human"],
            postgresql_where=text("kind = 'click'"),
        ),
    )
