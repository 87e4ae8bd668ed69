"""What was hoped for of the mail before: that somebody opens it, clicks, or does what it is for. Then none follows."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from app.automations.reactions import Reaction
from app.db import db
from app.deliveries.delivery import Delivery

CAME = {
    "not_opened": Delivery.opened_at,
    "not_clicked": Delivery.clicked_at,
    "not_converted": Delivery.converted_at,
}


def fulfilled(reaction: Reaction, occasions: Iterable[str]) -> set[str]:
    """The occasions, of answers to a mail, for which nothing is left to be hoped for."""
    if not reaction.without:
        return set()
    keys = [int(one.partition("-")[2]) for one in occasions]
    asked = select(Delivery.id).where(Delivery.id.in_(keys), CAME[reaction.without].is_not(None))
    return {f"after-{key}" for key in db.session.scalars(asked)}
