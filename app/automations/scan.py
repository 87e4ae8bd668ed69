"""A look at what people do in the shop, for one automation: a row of work; and what each person was called for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.claims import Claimable
from app.db import Model, bigint_key


class Scan(Claimable, Model):
    """`found`: how many people it called."""

    __tablename__ = "behaviour_scans"

    id: Mapped[int] = bigint_key()
    automation_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("automations.id", ondelete="CASCADE"))
    planned_for: Mapped[datetime]
    found: Mapped[int | None]
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        Index("uq_behaviour_scans_automation_id_planned_for", "automation_id", "planned_for", unique=True),
        Index("ix_behaviour_scans_due", "not_before", "id", postgresql_where=text("waiting_since IS NOT NULL")),
    )


class BehaviourClaim(Model):
    """`about`: the cart, the drop or the restock; `occasion`: of the mail that it became. Gone: it may call again."""

    __tablename__ = "behaviour_claims"

    automation_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("automations.id", ondelete="CASCADE"), primary_key=True
    )
    customer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    about: Mapped[str] = mapped_column(primary_key=True)
    product_id: Mapped[str | None]
    occasion: Mapped[str]
    at: Mapped[datetime]

    __table_args__ = (
        Index("ix_behaviour_claims_customer_id", "customer_id"),
        Index(
            "ix_behaviour_claims_product_id_at",
            "automation_id",
            "product_id",
            "at",
            postgresql_where=text("product_id IS NOT NULL"),
        ),
        Index("ix_behaviour_claims_at", "at"),
    )
