"""What the demo writes and keeps: there once, in order, believable when it is opened."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.content import differences, directory, media, publishing, writing
from app.content.medium import Medium
from app.content.template import MessageTemplate
from app.db import db
from app.demo import furnish, scenes
from app.demo import media as demo_media
from app.demo.plan import Plan

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PLAN = Plan(customers=10, events=10, seed=7, now=int(NOW.timestamp()))


@pytest.fixture
def templates(app) -> dict[str, MessageTemplate]:
    furnish.product(PLAN)
    return {one.name: one for one in db.session.scalars(select(MessageTemplate))}


def told() -> list[tuple[object, ...]]:
    """Everything but numbers, which a second load may not change either."""
    mails = select(MessageTemplate).order_by(MessageTemplate.id)
    kept = [
        (one.id, *writing.of(one).kept().items(), one.version, one.updated_date) for one in db.session.scalars(mails)
    ]
    pictures = select(Medium).order_by(Medium.id)
    return [*kept, *((one.id, one.name, one.content_hash, one.version) for one in db.session.scalars(pictures))]


def test_there_is_one_in_each_state(templates):
    state = {name: (one.type, one.blocks is not None, one.published) for name, one in templates.items()}
    assert state == {
        "Open day invitation": ("email", True, 2),
        "Summer sale in the shop": ("email", True, 1),
        "Before your interview": ("email", False, 1),
        "The day before the open day": ("whatsapp", False, None),
        "November letter": ("email", True, None),
        "The week at Campus": ("email", True, 2),
        "News of the month": ("email", True, 1),
        "We have not seen you for a while": ("email", True, 1),
        "A word of welcome": ("email", True, 1),
        "Receipt of an order": ("email", True, 1),
    }
    assert [name for name, one in templates.items() if one.archived_at] == ["Summer sale in the shop"]


def test_the_two_versions_are_worth_comparing(templates):
    after, before = directory.versions_of(templates["Open day invitation"])
    assert before.created_date < after.created_date < NOW
    changed = [line for line in differences.of(before.message, after.message) if line.kind in {"new", "gone"}]
    assert (len(changed) > 8, before.subject != after.subject) == (True, True)


def test_each_of_them_may_be_published(templates):
    problems = {name: publishing.check(writing.of(one)) for name, one in templates.items()}
    assert {name: found for name, found in problems.items() if found} == {}


def test_the_block_and_the_pictures_are_in_use(templates):
    users = {one.name: [user.name for user in media.users(one)] for one in db.session.scalars(select(Medium))}
    assert users["Ask us"] == ["November letter", "Open day invitation"]
    assert users["Data lab"] == ["November letter"]
    assert users["Open day"] == ["Open day invitation"]
    assert all(one.tags for one in db.session.scalars(select(Medium)))


def test_a_second_load_adds_nothing(templates):
    before = told()
    furnish.product(PLAN)
    assert told() == before


@pytest.mark.parametrize("name", scenes.SCENES)
def test_the_pictures_are_kept_as_the_library_would_keep_them(name):
    file = demo_media.SHELF / f"{name}.png"
    assert demo_media.drawn(file.name).content == file.read_bytes()
