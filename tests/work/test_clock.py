"""The database's clock, carried on by ours between two askings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from app import clock as room
from app.clock import clock
from app.db import db


@pytest.fixture(autouse=True)
def _unheard(app, monkeypatch):
    monkeypatch.setattr(room, "_heard", {})


@pytest.fixture
def asked():
    found: list[str] = []

    def note(_connection, _cursor, statement, *_):
        found.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield found
    event.remove(db.engine, "before_cursor_execute", note)


def of_the_database():
    return db.session.scalar(select(func.clock_timestamp()))


def test_it_is_never_behind_the_database_and_hardly_ahead():
    for _ in range(200):
        theirs = of_the_database()
        ours = clock()
        later = of_the_database()
        assert theirs <= ours <= later + timedelta(seconds=room.QUICK)


def test_the_database_is_asked_once_for_many_looks(asked, monkeypatch):
    monkeypatch.setattr(room, "QUICK", 60)  # a slow machine is no failure
    monkeypatch.setattr(room, "GOOD_FOR", 60)
    for _ in range(50):
        clock()
    assert len(asked) == 1


def test_after_a_while_it_is_asked_again(asked, monkeypatch):
    clock()
    monkeypatch.setattr(room, "GOOD_FOR", 0)
    clock()
    assert len(asked) == 2


def test_an_answer_that_came_late_is_not_carried_on(asked, monkeypatch):
    monkeypatch.setattr(room, "QUICK", -1)
    assert clock() < clock()
    assert len(asked) == 2
