"""Where a person, or an address, stands on a topic: what follows from all statements, in whatever order they came."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Computed, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model

IS_GIVEN = "any_given AND own_given IS NOT FALSE"


class Standing:
    own_at: Mapped[datetime | None]
    own_given: Mapped[bool | None]
    any_at: Mapped[datetime]
    any_given: Mapped[bool]
    is_given: Mapped[bool] = mapped_column(Boolean, Computed(IS_GIVEN, persisted=True))


class CustomerStanding(Standing, Model):
    __tablename__ = "customer_standings"

    customer_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True
    )
    topic_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("topics.id"), primary_key=True)

    __table_args__ = (Index("ix_customer_standings_topic_id", "topic_id"),)


class AddressStanding(Standing, Model):
    """The person's own words bind their address, too, whoever else has it now or later."""

    __tablename__ = "address_standings"

    email_folded: Mapped[str] = mapped_column(primary_key=True)
    topic_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("topics.id"), primary_key=True)

    __table_args__ = (Index("ix_address_standings_topic_id", "topic_id"),)
