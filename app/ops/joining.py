"""What waits for somebody joins them, in every room that keeps something waiting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.catalogue import carts, orders
from app.customers import ambiguity
from app.events import pending, visits


def join(customer_ids: Sequence[int], now: datetime) -> int:
    visits.join_known(customer_ids, now)
    return pending.join(customer_ids) + carts.join(customer_ids) + orders.join(customer_ids)


def join_missed(now: datetime) -> None:
    """Who came in the same moment as what named them; and addresses that have become one person's meanwhile.

    Visits before carts: whoever signs in locks the session first, and then the cart that it gives them.
    """
    pending.join_missed(now)
    visits.join_missed(now)
    carts.join_missed(now)
    orders.join_missed(now)
    cleared = ambiguity.settle_cleared(None, "fits one person by now", now)
    if cleared:
        join(ambiguity.owners(cleared), now)
