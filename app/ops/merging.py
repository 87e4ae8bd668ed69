"""What a person decides about customers who may be one: merged with all their history, or told apart."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from app.audit import Actor, record
from app.automations import merging as automations
from app.catalogue import merging as catalogue
from app.consent import merging as consent
from app.customers import ambiguity, directory
from app.customers import merging as customers
from app.customers.ambiguous_item import AmbiguousItem
from app.customers.customer import Customer
from app.customers.merging import CannotMerge
from app.deliveries import merging as deliveries
from app.events import merging as events
from app.events import pending
from app.hooks import erasing as hooks
from app.ops import joining
from app.segments import merging as segments
from app.tracking import belonging as conversions
from app.tracking import merging as tracking


class Changed(ValueError):
    """One of the two was written since somebody looked at them."""


class Settled(ValueError):
    """Somebody else decided already."""


def merge(
    survivor_id: int, other_id: int, takes: Collection[str], stamp: str | None, by: Actor, now: datetime
) -> Customer:
    """The other becomes part of the survivor, in one transaction. `stamp` is that of the pair somebody saw."""
    pair = customers.begin(survivor_id, other_id)
    if stamp is not None and stamp != pair.stamp:
        raise Changed("One of the two has changed since you opened this page. Look again.")
    emails = {email for email in (pair.survivor.email_folded, pair.other.email_folded) if email}
    events.move(survivor_id, other_id)
    catalogue.move(survivor_id, other_id)
    consent.move(survivor_id, other_id)
    segments.move(survivor_id, other_id)
    automations.move(survivor_id, other_id)
    deliveries.move(survivor_id, other_id)
    tracking.move(survivor_id, other_id)
    conversions.move(survivor_id, other_id)
    hooks.move(survivor_id, other_id)
    survivor = customers.finish(pair, takes, by, now)
    ambiguity.settle_cleared(emails, f"merged into customer {survivor_id}", now)
    joining.join([survivor_id, *ambiguity.owners(emails)], now)
    return survivor


def assign(item_id: int, customer_id: int, by: Actor, now: datetime) -> tuple[AmbiguousItem, Customer, int]:
    """They stay different people; what waits under the address is this one's."""
    item = _open(item_id)
    customer = directory.find(customer_id)
    if customer is None or customer.email_folded != item.email_folded:
        raise CannotMerge("This customer no longer has the address. Look again.")
    given = pending.give(item.email_folded, customer_id) + catalogue.give(item.email_folded, customer_id)
    ambiguity.settle(item, f"given to customer {customer_id}", by, now)
    after = {"address": item.email_folded, "given": given}
    record(by, "gave what waited to", "customer", (customer.id, customer.name), after=after)
    return item, customer, given


def leave(item_id: int, by: Actor, now: datetime) -> AmbiguousItem:
    """What waits goes on waiting; the address comes back when it is named again."""
    item = _open(item_id)
    ambiguity.settle(item, "left as it is", by, now)
    return item


def _open(item_id: int) -> AmbiguousItem:
    item = ambiguity.claim(item_id)
    if item is None:
        raise Settled("Somebody has decided about this address already.")
    return item
