"""What a caller says of people's consent: checked against the topics that there are, then stated in one set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.blueprints.api.shapes import Consent, Customer, said
from app.consent import statements
from app.consent.statements import Heard, Statement
from app.customers.incoming import Upserted
from app.settings import topics
from app.tally import Tally

AHEAD = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Problem:
    code: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Caller:
    way: str
    now: datetime
    receipt_id: int | None = None


def known() -> dict[str, int]:
    """Topics in use: slug → id."""
    return {topic.slug: topic.id for topic in topics.in_use()}


def problem(consent: Consent, known: Mapping[str, int], now: datetime) -> Problem | None:
    if (unknown := next((slug for slug in consent.topics if slug not in known), None)) is not None:
        there = ", ".join(known)
        return Problem("unknown_topic", f"topics.{unknown[:100]}", f"There is no such topic; there are: {there}.")
    if wrong := next((slug for slug, value in consent.topics.items() if type(value) is not bool), None):
        return Problem("wrong_type", f"topics.{wrong}", "A topic is true or false.")
    if consent.at and consent.at > now + AHEAD:
        return Problem("in_the_future", "at", "More than a day ahead: is the clock or the zone right?")
    if consent.at and consent.at < EPOCH:
        return Problem("too_old", "at", "Before 1970: is the time right?")
    return None


def stated(customer_id: int, consent: Consent, known: Mapping[str, int], caller: Caller) -> list[Statement]:
    return [
        Statement(
            customer_id=customer_id,
            topic_id=known[slug],
            is_given=is_given,
            source=consent.source,
            way=caller.way,
            at=consent.at or caller.now,
            shown=consent.text or "",
            receipt_id=caller.receipt_id,
        )
        for slug, is_given in consent.topics.items()
    ]


def hear(items: Sequence[Customer], upserted: Upserted, tally: Tally, caller: Caller) -> None:
    """Of the items that were stored, in their order; where only a statement is new, the customer counts as changed."""
    told = [
        (customer_id, outcome, consent)
        for item, customer_id, outcome in zip(items, upserted.customer_ids, upserted.outcomes, strict=True)
        if customer_id and (consent := said(item.consent))
    ]
    if not told:
        return
    heard = _hear([(customer_id, consent) for customer_id, _, consent in told], caller)
    tally.kept_out = heard.held
    moved = set(heard.customers)
    said_anew = [outcome for customer_id, outcome, consent in told if consent.topics and customer_id in moved]
    changed = said_anew.count("unchanged")
    tally.unchanged, tally.updated = tally.unchanged - changed, tally.updated + changed


def _hear(told: Sequence[tuple[int, Consent]], caller: Caller) -> Heard:
    """Of what was said of one moment the last word counts, as if the items came one at a time."""
    topics_known = known()
    last = {
        (one.customer_id, one.topic_id, one.at, one.source): one
        for customer_id, consent in told
        for one in stated(customer_id, consent, topics_known, caller)
    }
    return statements.hear(list(last.values()))
