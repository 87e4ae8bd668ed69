"""A session of the shop turns out to be somebody's: what it did becomes theirs."""

from __future__ import annotations

from datetime import datetime

from app.catalogue import sessions
from app.catalogue.visitor import Visitor
from app.events import pending


def join(visitor: Visitor, now: datetime) -> int | None:
    person = sessions.join(visitor, now)
    if person and visitor.session_id:
        pending.join_anonymous(visitor.session_id, person)
    return person
