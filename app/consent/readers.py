"""Whoever opened a link of their mail: who they are by now, and what they say on the page behind it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import select, text

from app.consent import preferences
from app.consent.links import Reader
from app.consent.preferences import Word
from app.customers import directory
from app.customers.customer import Customer
from app.db import db
from app.settings import topics
from app.settings.topic import Topic

HIDDEN = "•••••••"
# Of these topics, how many this person left by their own word, for themselves and for their address.
LEFT = text(
    """
    SELECT count(*)
      FROM unnest(CAST(:topics AS bigint[])) AS t(id)
      JOIN customers c ON c.id = :customer_id
      JOIN customer_standings p ON p.customer_id = c.id AND p.topic_id = t.id
      LEFT JOIN address_standings a ON a.email_folded = c.email_folded AND a.topic_id = t.id
     WHERE p.own_given IS FALSE AND (c.email_folded = '' OR a.own_given IS FALSE)
    """
)


def person(reader: Reader) -> Customer | None:
    """Whose mail it was, or whoever they have become part of; None once they are erased."""
    if found := directory.find(reader.customer_id):
        return found
    merged_into = directory.survivor(reader.customer_id)
    return directory.find(merged_into) if merged_into else None


def held(reader: Reader) -> Customer | None:
    """The same, locked: of two clicks at once the second sees what the first one did. A merge is waited for."""
    if found := _locked(reader.customer_id):
        return found
    merged_into = directory.survivor(reader.customer_id)
    return _locked(merged_into) if merged_into else None


def topic_of(reader: Reader) -> Topic | None:
    """What the mail was about; None where that is all marketing."""
    topic = topics.find(reader.topic_id) if reader.topic_id else None
    return None if topic is None or topic.is_master else topic


def masked(email: str | None) -> str:
    """Enough to know one's own address, too little for whoever looks over the shoulder."""
    local, at, domain = (email or "").rpartition("@")
    if not at:
        return ""
    ends = (local[0], local[-1]) if len(local) > 2 else ("", "")
    return f"{ends[0]}{HIDDEN}{ends[1]}@{domain}"


def stop(customer_id: int, topic: Topic | None, word: Word) -> None:
    """Whoever left already by their own word has left; a second click is no second proof."""
    ids = [topic.id] if topic else [one.id for one in topics.in_use()]
    if _has_left(customer_id, ids):
        return
    if topic:
        preferences.say(customer_id, {topic.id: False}, word)
    else:
        preferences.withdraw_all(customer_id, word)


def come_back(customer_id: int, topic_ids: Collection[int], word: Word) -> None:
    """To what they left a moment ago: a later word of their own."""
    off = [stand.topic_id for stand in preferences.of(customer_id) if not stand.is_on]
    preferences.say(customer_id, {topic_id: True for topic_id in off if topic_id in topic_ids}, word)


def wish(customer_id: int, shown: Collection[int], wanted: Collection[int], word: Word) -> tuple[list[str], list[str]]:
    """The names of what they get from now on and of what they get no longer.

    Only what they saw is said, and only where they wish something else than what is; who turns the master off leaves
    everything.
    """
    seen = [stand for stand in preferences.of(customer_id) if stand.topic_id in shown]
    changed = [stand for stand in seen if stand.is_on != (stand.topic_id in wanted)]
    if master := next((stand for stand in changed if stand.is_master and stand.is_on), None):
        stop(customer_id, None, replace(word, shown=words(master)))
        return [], [master.name]
    for stand in changed:
        preferences.say(customer_id, {stand.topic_id: not stand.is_on}, replace(word, shown=words(stand)))
    return [one.name for one in changed if not one.is_on], [one.name for one in changed if one.is_on]


def words(topic: preferences.Stand | Topic) -> str:
    return f"{topic.name}: {topic.description}" if topic.description else topic.name


def _has_left(customer_id: int, topic_ids: Sequence[int]) -> bool:
    said = {"customer_id": customer_id, "topics": list(topic_ids)}
    return bool(db.session.scalar(LEFT, said) == len(topic_ids))


def _locked(customer_id: int) -> Customer | None:
    alone = select(Customer).where(Customer.id == customer_id, Customer.erased_at.is_(None))
    return db.session.scalar(alone.with_for_update(key_share=True).execution_options(populate_existing=True))
