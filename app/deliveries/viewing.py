"""A mail in the browser: drawn again from its frozen version, its person and the facts that its delivery kept.

What it recommends is not kept: it is what would be recommended now for what was known of them when it went out.
"""

from __future__ import annotations

from app.content.language import Refused, Skip
from app.deliveries import directory, message, runs
from app.deliveries.message import Writer


def page(delivery_id: int) -> str | None:
    """None where nothing is left to draw it from: its person was erased, or lacks by now what it needs."""
    delivery = directory.find_delivery(delivery_id)
    run = runs.find(delivery.run_id) if delivery else None
    if delivery is None or run is None or delivery.email is None:
        return None
    person = message.people([delivery.customer_id]).get(delivery.customer_id)
    if person is None:
        return None
    writer = Writer.of(run, {delivery.variant}, is_mail=False)
    recommended = writer.recommended([person.id], delivery.accepted_at or run.planned_for)
    facts = {**recommended.get(person.id, {}), **(delivery.facts or {})}
    try:
        return writer.write(delivery.id, person, facts, delivery.variant).html
    except (Skip, Refused):
        return None
