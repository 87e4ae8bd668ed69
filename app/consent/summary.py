"""What one person allows, on one card: topic by topic with who said so, and whether marketing mail may go to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from app.consent import permission, preferences, suppressions
from app.consent.preferences import Stand
from app.consent.suppression import Suppression
from app.customers.customer import Customer
from app.db import db

# The statement that made a person stand where they do.
DECIDED = text(
    """
    SELECT DISTINCT ON (k.topic_id) k.topic_id, k.is_given, k.source, k.way, k.at
      FROM customer_standings s
      JOIN consents k ON k.customer_id = s.customer_id AND k.topic_id = s.topic_id AND k.is_given = s.is_given
                     AND k.at = CASE WHEN s.own_given IS FALSE THEN s.own_at ELSE s.any_at END
     WHERE s.customer_id = :customer_id AND (s.own_given IS NOT FALSE OR k.source IN ('page', 'form'))
     ORDER BY k.topic_id, k.id DESC
    """
)


@dataclass(frozen=True)
class Decision:
    is_given: bool
    source: str
    way: str
    at: datetime


@dataclass(frozen=True)
class Row:
    stand: Stand
    decision: Decision | None  # None: the default, or the word of somebody else with this address

    @property
    def is_off_by_address(self) -> bool:
        """Another customer with this address said no for themselves."""
        own = self.decision is not None and not self.decision.is_given
        return self.stand.is_own_withdrawal and not own


@dataclass(frozen=True)
class Summary:
    rows: Sequence[Row]
    refusal: str | None  # of permission.REFUSALS, for promotional mail of any topic
    suppression: Suppression | None
    paused_until: datetime | None

    @property
    def master(self) -> Row:
        return self.rows[0]

    @property
    def topics(self) -> Sequence[Row]:
        return self.rows[1:]

    @property
    def on_count(self) -> int:
        return sum(row.stand.is_on for row in self.topics)


def of(customer: Customer, now: datetime) -> Summary:
    decided = {row.topic_id: Decision(*row[1:]) for row in db.session.execute(DECIDED, {"customer_id": customer.id})}
    return Summary(
        rows=[Row(stand, decided.get(stand.topic_id)) for stand in preferences.of(customer.id)],
        refusal=permission.refusals([customer.id], "promotional", None, now).get(customer.id),
        suppression=suppressions.of_address(customer.email_folded) if customer.email_folded else None,
        paused_until=preferences.paused_until(customer.id, now),
    )
