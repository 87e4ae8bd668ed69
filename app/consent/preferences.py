"""Where one person stands, topic by topic, and what they say for themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert

from app.consent.consent import Consent
from app.consent.pause import Pause
from app.consent.permission import MASTER_ON, TOPIC_ON
from app.consent.statements import Heard, Statement, hear
from app.db import db
from app.settings import topics

PAUSE = timedelta(days=30)

STANDS = f"""
    SELECT c.id AS customer_id, t.id, t.slug, t.name, t.description, t.is_master,
           CASE WHEN t.is_master THEN {MASTER_ON} ELSE {TOPIC_ON.format(is_on="t.is_on")} END AS is_on,
           pt.is_given IS NOT NULL                                                         AS is_stated,
           coalesce(pt.own_given IS FALSE, false) OR coalesce(at.is_given IS FALSE, false) AS is_own_withdrawal
      FROM customers c
     CROSS JOIN topics t
      LEFT JOIN customer_standings pt ON pt.customer_id = c.id AND pt.topic_id = t.id
      LEFT JOIN address_standings at ON at.email_folded = c.email_folded AND at.topic_id = t.id
      LEFT JOIN customer_standings pm ON pm.customer_id = c.id AND pm.topic_id = t.id AND t.is_master
      LEFT JOIN address_standings am ON am.email_folded = c.email_folded AND am.topic_id = t.id AND t.is_master
     WHERE c.id = ANY (:customer_ids) AND c.erased_at IS NULL AND t.archived_at IS NULL
     ORDER BY c.id, t.is_master DESC, t.position, t.id
"""


@dataclass(frozen=True)
class Stand:
    topic_id: int
    slug: str
    name: str
    description: str
    is_master: bool
    is_on: bool
    is_stated: bool  # somebody said so; else it is the default
    is_own_withdrawal: bool  # only the person can lift it


def of(customer_id: int) -> list[Stand]:
    """Every topic in use, the master first."""
    return of_many([customer_id]).get(customer_id, [])


def of_many(customer_ids: Sequence[int]) -> dict[int, list[Stand]]:
    """By customer; whoever is not there stands nowhere."""
    found: dict[int, list[Stand]] = {}
    for customer_id, *stand in db.session.execute(text(STANDS), {"customer_ids": list(customer_ids)}):
        found.setdefault(customer_id, []).append(Stand(*stand))
    return found


def as_said(customer_id: int) -> dict[str, bool]:
    """As the API tells it: slug → subscribed."""
    return as_said_of([customer_id]).get(customer_id, {})


def as_said_of(customer_ids: Sequence[int]) -> dict[int, dict[str, bool]]:
    return {who: {stand.slug: stand.is_on for stand in stands} for who, stands in of_many(customer_ids).items()}


@dataclass(frozen=True)
class Word:
    """How something was said: by which source and way, when, what the person saw, why, from where."""

    source: str
    way: str
    at: datetime
    shown: str = ""
    reason: str = ""
    caller_hash: str | None = None
    receipt_id: int | None = None


def say(customer_id: int, wishes: Mapping[int, bool], word: Word) -> Heard:
    """Topics by id. Never commits."""
    return hear(
        [
            Statement(
                customer_id=customer_id,
                topic_id=topic_id,
                is_given=is_given,
                source=word.source,
                way=word.way,
                at=word.at,
                shown=word.shown,
                reason=word.reason,
                caller_hash=word.caller_hash,
                receipt_id=word.receipt_id,
            )
            for topic_id, is_given in wishes.items()
        ]
    )


def withdraw_all(customer_id: int, word: Word) -> Heard:
    """The master and each topic: when the master comes back one day, nothing comes with it unasked."""
    return say(customer_id, {topic.id: False for topic in topics.in_use()}, word)


def pause(customer_id: int, now: datetime) -> datetime:
    until = now + PAUSE
    new = insert(Pause).values(customer_id=customer_id, until=until, since=now)
    db.session.execute(
        new.on_conflict_do_update(index_elements=[Pause.customer_id], set_={"until": until, "since": now})
    )
    return until


def end_pause(customer_id: int) -> None:
    db.session.execute(delete(Pause).where(Pause.customer_id == customer_id))


def paused_until(customer_id: int, now: datetime) -> datetime | None:
    return db.session.scalar(select(Pause.until).where(Pause.customer_id == customer_id, Pause.until > now))


def history(customer_id: int, most: int = 200) -> Sequence[Consent]:
    """The proofs, the newest first."""
    newest = select(Consent).where(Consent.customer_id == customer_id).order_by(Consent.at.desc(), Consent.id.desc())
    return db.session.scalars(newest.limit(most)).all()
