"""Who spent the most, in orders that were paid and what of them was not given back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, func, select

from app.catalogue.order import Order
from app.customers.customer import Customer
from app.segments.functions.arguments import duration, integer
from app.segments.functions.registry import segment_function
from app.spans import Duration

SPENT = func.sum(Order.total - Order.refunded_total)


@segment_function(
    "top_spenders",
    label="Top spenders",
    arguments=[
        integer("n", "How many", least=1, most=1_000_000),
        duration("within", "Within", may_be_absent=True, help="Orders of the last 30d, say. Empty: all orders ever."),
    ],
)
def top_spenders(n: int, within: Duration | None, now: datetime) -> Select[int | None]:
    """The customers who spent the most: paid orders, minus what was refunded. Of two with the same sum, the older one.

    Money of different currencies is added as it is, like everywhere in segments.
    """
    spent = select(Order.customer_id).where(Order.status != "cancelled", Order.occurred_at <= now)
    if within:
        spent = spent.where(Order.occurred_at >= now - within.length)
    spent = spent.join(Customer, Customer.id == Order.customer_id).where(Customer.erased_at.is_(None))
    return spent.group_by(Order.customer_id).having(SPENT > 0).order_by(SPENT.desc(), Order.customer_id).limit(n)
