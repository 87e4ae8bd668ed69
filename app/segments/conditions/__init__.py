"""One file per kind of condition: whom it selects, how it is said, what is known of one customer beside it."""

from __future__ import annotations

from app.segments.conditions import (
    attribute,
    cart,
    consent,
    event,
    field,
    interest,
    last,
    mail,
    move,
    nth,
    orders,
    segment,
    sequence,
    stage,
    streak,
    unanswered,
)
from app.segments.meaning import Meaning

MEANINGS: dict[str, Meaning] = {
    module.__name__.rpartition(".")[2]: module.MEANING
    for module in (
        attribute, cart, consent, event, field, interest, last, mail, move, nth, orders, segment, sequence, stage,
        streak, unanswered,
    )
}  # fmt: skip
