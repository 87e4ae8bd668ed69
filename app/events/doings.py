"""What visitors of the shop did, as events: of whoever is known at once, of others once they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.catalogue.happened import Happened
from app.customers.who import Who
from app.events import intake
from app.events.incoming import Incoming, Origin
from app.tally import Tally

INTEREST_REGISTERED = "interest_registered"
# What only we say, having seen it happen: a page that says it itself would be believed an order that nobody paid.
OURS = frozenset(
    (
        "cart_added", "cart_removed", "cart_updated", "funnel", INTEREST_REGISTERED, "order_completed",
        "product_viewed", "watchlist_added", "watchlist_removed",
    )
)  # fmt: skip


def is_ours(name: str) -> bool:
    return name.strip().casefold() in OURS


def tell(told: Sequence[Happened], now: datetime) -> Tally:
    """Never commits."""
    return intake.store([_fact(place, one) for place, one in enumerate(told)], Origin(), now) if told else Tally()


def _fact(place: int, one: Happened) -> Incoming:
    who = Who(one.customer_id) if one.customer_id else one.who
    return Incoming(place, "event", who, one.name, one.occurred_at, one.source_id, one.properties)
