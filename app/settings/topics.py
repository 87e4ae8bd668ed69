"""What people can subscribe to: names, words and order. A slug is a promise to other systems and never changes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app.audit import Actor, record
from app.db import db
from app.settings.topic import Topic

MASTER = "marketing"
SLUG = re.compile(r"[a-z][a-z0-9_]{1,39}")


def everything() -> Sequence[Topic]:
    return db.session.scalars(select(Topic).order_by(Topic.archived_at.is_not(None), Topic.position, Topic.id)).all()


def find(topic_id: int) -> Topic | None:
    return db.session.get(Topic, topic_id) if topic_id < 2**63 else None


def in_use() -> Sequence[Topic]:
    return [topic for topic in everything() if topic.archived_at is None]


def called(slug: str) -> Topic | None:
    return db.session.scalar(select(Topic).where(Topic.slug == slug))


def id_of(slug: str) -> int | None:
    found = called(slug)
    return found.id if found else None


def problems(slug: str | None, name: str, description: str) -> dict[str, str]:
    """`slug` is None for a topic that has one already."""
    found = {}
    if slug is not None and not SLUG.fullmatch(slug):
        found["slug"] = "Lower-case letters, digits and _, at most 40, like price_drop."
    elif slug is not None and db.session.scalar(select(Topic.id).where(Topic.slug == slug)):
        found["slug"] = "Another topic has this name for machines."
    if not name or len(name) > 80:
        found["name"] = "A name of at most 80 characters; people see it on their preference page."
    if len(description) > 300:
        found["description"] = "At most 300 characters."
    return found


def add(slug: str, name: str, description: str, by: Actor, is_on: bool = True) -> Topic:
    """`is_on`: whoever never said anything is subscribed."""
    last = db.session.scalar(select(func.max(Topic.position))) or 0
    topic = Topic(slug=slug, name=name, description=description, is_on=is_on, position=last + 1)
    db.session.add(topic)
    db.session.flush()
    record(by, "added", "topic", (topic.id, topic.name), None, _facts(topic))
    return topic


def change(topic: Topic, name: str, description: str, by: Actor, is_on: bool | None = None) -> None:
    """The master stays on by default: it says no only for whoever said so."""
    before = _facts(topic)
    topic.name, topic.description = name, description
    if is_on is not None and not topic.is_master:
        topic.is_on = is_on
    if before != _facts(topic):
        record(by, "changed", "topic", (topic.id, topic.name), before, _facts(topic))


def move(topic: Topic, up: bool, by: Actor) -> None:
    """One place up or down among those in use; the master stays first."""
    row = [t for t in everything() if not t.is_master and t.archived_at is None]
    here = row.index(topic)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(row):
        return
    row[here], row[there] = row[there], row[here]
    for position, one in enumerate(row, start=1):
        one.position = position
    record(by, "moved up" if up else "moved down", "topic", (topic.id, topic.name))


def archive(topic: Topic, now: datetime, by: Actor) -> None:
    if topic.archived_at is None:
        topic.archived_at = now
        record(by, "archived", "topic", (topic.id, topic.name))


def bring_back(topic: Topic, by: Actor) -> None:
    if topic.archived_at is not None:
        topic.archived_at = None
        record(by, "brought back", "topic", (topic.id, topic.name))


def _facts(topic: Topic) -> dict[str, Any]:
    facts = {"name": topic.name, "slug": topic.slug, "description": topic.description}
    return facts if topic.is_master else facts | {"on_by_default": topic.is_on}
