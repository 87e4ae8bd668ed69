"""A colleague writes down what a person told them. What people withdrew themselves, only they give again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from app.audit import Actor, record
from app.consent import preferences
from app.consent.preferences import Stand, Word
from app.customers.customer import Customer

LONGEST_REASON = 500


def problems(reason: str, was: Collection[int], wanted: Collection[int]) -> dict[str, str]:
    """`was` and `wanted`: the topics that were on when the form was opened, and when it was sent."""
    found = {}
    if not reason:
        found["reason"] = "Say why: how and when did they tell you?"
    elif len(reason) > LONGEST_REASON:
        found["reason"] = f"At most {LONGEST_REASON} characters."
    if set(was) == set(wanted):
        found["on"] = "No topic was switched."
    return found


def change(
    customer: Customer, was: Collection[int], wanted: Collection[int], reason: str, now: datetime, by: Actor
) -> list[Stand]:
    """Only what was switched in the form, so that a form opened an hour ago undoes nobody's change. Never commits."""
    switched = {topic_id: topic_id in wanted for topic_id in {*was} ^ {*wanted}}
    changed = [stand for stand in preferences.of(customer.id) if _changes(stand, switched.get(stand.topic_id))]
    if changed:
        wishes = {stand.topic_id: not stand.is_on for stand in changed}
        preferences.say(customer.id, wishes, Word("hand", by.name, now, reason=reason))
        before = {stand.slug: stand.is_on for stand in changed}
        after = {slug: not is_on for slug, is_on in before.items()} | {"reason": reason}
        record(by, "changed by hand what is allowed by", "customer", (customer.id, customer.name), before, after)
    return changed


def _changes(stand: Stand, wish: bool | None) -> bool:
    return wish is not None and wish != stand.is_on and not stand.is_own_withdrawal
