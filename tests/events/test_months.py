"""Months of events are made when a fact needs them, also by several at once, and guard their facts like any other."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.customers.who import Who
from app.db import db
from app.events import intake, partitions
from app.events.incoming import Origin
from tests.events.coming_in import event, rows, said, store
from tests.factories import NOW, make_customer

MAYA = Who(lms_lead_id="L-1")
MONTHS = [NOW - timedelta(days=30 * n) for n in range(12, 18)]


@pytest.fixture(autouse=True)
def _without_some_months(app: Flask) -> None:
    make_customer(lms_lead_id="L-1")
    partitions.ensure(NOW, NOW)
    for at in MONTHS:
        db.session.execute(text(f"DROP TABLE IF EXISTS events_{at:%Y_%m}"))
    db.session.commit()
    partitions.MONTHS.forget()


def names() -> set[str]:
    return {f"events_{at:%Y_%m}" for at in MONTHS} & partitions.MONTHS.present()


def test_only_the_months_that_occur_are_made() -> None:
    assert said(store(event(MAYA, at=MONTHS[0]), event(MAYA, at=MONTHS[5]))) == (2, 0, [])
    assert names() == {f"events_{MONTHS[0]:%Y_%m}", f"events_{MONTHS[5]:%Y_%m}"}


def test_a_month_that_was_made_in_vain_is_made_again() -> None:
    for _ in range(2):
        intake.store([event(MAYA, at=MONTHS[0])], Origin(), NOW)
    db.session.rollback()
    assert said(store(event(MAYA, at=MONTHS[0]))) == (1, 0, [])


def test_several_who_need_the_same_months_at_once_do_not_stand_in_each_others_way(app: Flask) -> None:
    start = threading.Barrier(5)

    def bring(turn: int) -> int:
        months = MONTHS if turn % 2 else MONTHS[::-1]
        with app.app_context():
            start.wait()
            return store(*(event(MAYA, at=at, id=f"{turn}-{at}") for at in months)).created

    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(bring, range(5))) == [len(MONTHS)] * 5
    assert len(rows("events")) == 5 * len(MONTHS)


def test_others_go_on_writing_while_a_month_is_made(app: Flask) -> None:
    intake.store([event(MAYA, at=MONTHS[0])], Origin(), NOW)  # not committed yet

    def bring() -> int:
        with app.app_context():
            db.session.execute(text("SET LOCAL lock_timeout = '3s'"))
            return store(event(MAYA)).created

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(bring).result() == 1


def test_facts_of_such_a_month_cannot_be_changed_either() -> None:
    store(event(MAYA, at=MONTHS[0]))
    for change in ("UPDATE events SET name = 'x'", f"DELETE FROM events_{MONTHS[0]:%Y_%m}"):
        with pytest.raises(IntegrityError, match="are facts"):
            db.session.execute(text(change))
        db.session.rollback()


def test_within_a_minute_the_database_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        store(event(MAYA, at=MONTHS[0]))
    monkeypatch.setattr(partitions, "ensure", None)
    assert said(store(event(MAYA, at=MONTHS[0]))) == (1, 0, [])
