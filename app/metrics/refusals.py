"""Why somebody is left out, as the gate that it closed, with the proof of it where one was kept."""

from __future__ import annotations

from datetime import datetime

from app.consent import summary, suppressions
from app.consent.summary import Row, Summary
from app.customers.customer import Customer
from app.metrics.gates import Gate, stopped
from app.settings import topics

# Of planning, and of the moment when the mail was drawn; said in words that fit then and now.
CLOSED = {
    "no_address": ("address", "No e-mail address."),
    "bad_address": ("address", "What stands as their address is none."),
    "erased": ("address", "Erased before it went out."),
    "suppressed": ("suppressed", "The address bounced for good, was reported as spam, or was put on the list by hand."),
    "unsubscribed": ("consent", "Unsubscribed from this topic or from all marketing mail, or paused."),
    "not_allowed": ("allowed", "MAIL_ALLOW of this machine does not name the address."),
    "duplicate_address": ("duplicate", "Somebody else with the same address gets it: one mail an address."),
    "holdout": ("holdout", "Held out on purpose, to see what the mail is worth."),
    "left_segment": ("held", "Not in the segment any more right before it was to go out."),
    "overtaken": ("held", "What it was about was over before it was to go out: bought, emptied, sold out or dearer."),
    "expired": ("held", "Held up for so long that it was too late to be of use."),
    "capped": ("capped", "Enough mail already."),
    "missing_field": (
        "drawn",
        "A field that the mail needs is empty for them, and the template says to skip them then.",
    ),
    "render": ("drawn", "The mail could not be drawn for them."),
    "cancelled": ("posted", "Cancelled before it went out."),
}
LISTED = {"hard_bounce": "bounced for good", "complaint": "was reported as spam", "manual": "was put on the list"}


def gate(reason: str, at: datetime | None = None) -> Gate:
    name, said = CLOSED.get(reason, ("posted", reason))
    return stopped(name, said, at)


def proven(closed: Gate, customer: Customer, topic: str | None, now: datetime, known_at: datetime | None) -> Gate:
    """As it was recorded, or as it was refused, with the proof; what was said after `known_at` is none."""
    proof = PROOFS[closed.name](customer, topic, now) if closed.name in PROOFS else None
    if proof is None or (known_at and proof.at and proof.at > known_at):
        return closed
    return proof


def _suppressed(customer: Customer, _topic: str | None, _now: datetime) -> Gate | None:
    held = suppressions.of_address(customer.email or "")
    if held is None:
        return None
    reason, at = min(held.reasons.items(), key=lambda pair: pair[1])
    return stopped("suppressed", f"The address {LISTED[reason]} ({held.source}).", at)


def _unsubscribed(customer: Customer, topic: str | None, now: datetime) -> Gate | None:
    stands = summary.of(customer, now)
    row = next((one for one in _asked(stands, topic) if not one.stand.is_on), None)
    if row is not None:
        return _said_no(row)
    return stopped("consent", "They paused marketing mail.", None) if stands.paused_until else None


def _asked(stands: Summary, topic: str | None) -> list[Row]:
    """All marketing mail first: whoever is off there gets nothing, whatever they said of the topic."""
    own = [] if topic == topics.MASTER else [one for one in stands.topics if one.stand.slug == topic]
    return [stands.master, *own]


def _said_no(row: Row) -> Gate | None:
    what = "all marketing mail" if row.stand.is_master else f"“{row.stand.name}”"
    if row.is_off_by_address:
        return stopped("consent", f"Somebody with the same address said no to {what}.")
    if row.decision is None:
        said = f"Nobody has asked them about {what}, and it is off until they say yes."
        return None if row.stand.is_stated else stopped("consent", said)
    return stopped("consent", f"They said no to {what} ({row.decision.way}).", row.decision.at)


PROOFS = {"suppressed": _suppressed, "consent": _unsubscribed}
