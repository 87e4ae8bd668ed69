"""One mail of a run to one person: what became of it, and why. The rows of a run are its queue and its account."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Model, bigint_key

WAITING = ("planned", "sealed")
ACCEPTED = ("accepted", "delivered", "bounced", "complained")
STATES = (*WAITING, *ACCEPTED, "skipped", "failed", "uncertain")


class Delivery(Model):
    """No index names the state: changing it must stay cheap; no foreign keys: see the migration.

    `part` says which batch of the run it goes with, `variant` which of its mails, where it has several.
    """

    __tablename__ = "deliveries"

    id: Mapped[int] = bigint_key()
    run_id: Mapped[int] = mapped_column(BigInteger)
    customer_id: Mapped[int] = mapped_column(BigInteger)
    occasion: Mapped[str] = mapped_column(server_default=text("''"))  # what happened, where a run has several a person
    state: Mapped[str]
    reason: Mapped[str | None]
    part: Mapped[int | None]
    variant: Mapped[int | None] = mapped_column(SmallInteger)
    email: Mapped[str | None]  # as it was when the run was planned, then when the mail was sealed
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    provider_id: Mapped[str | None]
    accepted_at: Mapped[datetime | None]
    # What receipts said. The state is the gravest of them; these stay, in whatever order they came.
    delivered_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    complained_at: Mapped[datetime | None]
    failed_later_at: Mapped[datetime | None]  # the provider took it, and could not send it after all
    unsubscribed_at: Mapped[datetime | None]  # by a link of this mail
    # The first time by a person, and apart from it the first time by a machine.
    opened_at: Mapped[datetime | None]
    clicked_at: Mapped[datetime | None]
    machine_opened_at: Mapped[datetime | None]
    machine_clicked_at: Mapped[datetime | None]
    converted_at: Mapped[datetime | None]  # the credit is this mail's, by the rule that the team goes by
    reached_at: Mapped[datetime | None]  # the goal was reached within its time, whether or not by this mail

    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(map(repr, STATES))})", name="state"),
        Index("uq_deliveries_run_id_customer_id_occasion", "run_id", "customer_id", "occasion", unique=True),
        Index("ix_deliveries_run_id_part", "run_id", "part", postgresql_where=text("part IS NOT NULL")),
        Index("ix_deliveries_customer_id_id", "customer_id", "id"),
        Index("ix_deliveries_accepted_at", "accepted_at", postgresql_using="brin"),
        {"postgresql_with": {"fillfactor": "70"}},
    )
