from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from app import claims
from app.claims import Claim
from app.clock import clock
from app.db import db
from tests.work.errands import Errand
from tests.work.running import ask_for, change, row

LEASE = timedelta(seconds=15)


def claim(limit: int = 10, at: datetime | None = None) -> list[Claim]:
    return claims.claim(Errand, limit, LEASE, at or clock(), "a test")


def keys(claimed: list[Claim]) -> list[int]:
    return [one.key for one in claimed]


@contextmanager
def somebody_else(app: Flask) -> Iterator[None]:
    """Another worker: a session and a transaction of its own, which never waits for ours."""
    with app.app_context():
        db.session.execute(text("SET LOCAL lock_timeout = '2s'"))
        yield
        db.session.commit()


@pytest.fixture(autouse=True)
def _table(errands: type[Errand]) -> None:
    """Every test here has the empty table."""


def test_rows_come_in_the_order_in_which_they_fell_due() -> None:
    first, second, third = ask_for("quick", "quick", "quick")
    change(third, not_before=clock() - timedelta(minutes=1))
    assert keys(claim(2)) == [third, first]
    assert keys(claim(2)) == [second]


def test_two_workers_at_the_same_moment_take_different_rows_without_waiting(app: Flask) -> None:
    asked = ask_for(*["quick"] * 4)
    mine = claim(2)  # not committed yet
    with somebody_else(app):
        theirs = claim(2)
    db.session.commit()
    assert keys(mine) == asked[:2]
    assert keys(theirs) == asked[2:]


def test_many_workers_never_share_a_row(app: Flask) -> None:
    asked = ask_for(*["quick"] * 200)

    def take_all() -> list[int]:
        taken: list[int] = []
        with app.app_context():
            while claimed := claim(3):
                db.session.commit()
                taken += keys(claimed)
        return taken

    with ThreadPoolExecutor(6) as pool:
        taken = [key for each in pool.map(lambda _: take_all(), range(6)) for key in each]
    assert sorted(taken) == asked


def test_a_leased_row_is_left_alone_until_its_lease_ends() -> None:
    (key,) = ask_for("quick")
    claim()
    db.session.commit()
    assert claim() == []
    assert keys(claim(at=clock() + LEASE)) == [key]


def test_a_row_before_its_time_is_left_alone() -> None:
    (key,) = ask_for("quick")
    change(key, not_before=clock() + timedelta(hours=1))
    assert claim() == []


def test_whoever_lost_the_lease_can_record_nothing() -> None:
    (key,) = ask_for("quick")
    (slow,) = claim()
    db.session.commit()
    (quick,) = claim(at=clock() + LEASE)
    db.session.commit()
    now = clock()
    for late in (
        lambda: claims.finish(Errand, [slow]),
        lambda: claims.put_off(Errand, slow, now, "late", 1),
        lambda: claims.set_aside(Errand, slow, "late", now),
    ):
        with pytest.raises(claims.Lost):
            late()
        db.session.rollback()
    claims.finish(Errand, [quick])
    db.session.commit()
    assert row(key).waiting_since is None
    assert row(key).error is None


def test_one_lost_row_takes_the_whole_set_with_it() -> None:
    asked = ask_for("quick", "quick")
    claimed = claim()
    db.session.commit()
    change(asked[1], fence=Errand.fence + 1)
    with pytest.raises(claims.Lost):
        claims.finish(Errand, claimed)
    db.session.rollback()
    assert row(asked[0]).waiting_since


def test_a_row_that_was_tried_before_comes_alone() -> None:
    asked = ask_for("quick", "quick", "quick")
    claim()
    db.session.commit()
    fresh = ask_for("quick", "quick")
    later = clock() + LEASE
    assert [keys(claim(at=later)) for _ in range(4)] == [[asked[0]], [asked[1]], [asked[2]], fresh]


def test_a_fresh_set_leaves_out_the_tried_rows_among_it() -> None:
    tried, *others = ask_for("quick", "quick", "quick")
    change(tried, attempts=1, not_before=clock())
    later = clock() + timedelta(seconds=1)
    assert keys(claim(at=later)) == others
    assert keys(claim(at=later)) == [tried]


def test_an_attempt_is_counted_before_the_work_and_taken_back_when_it_did_not_begin() -> None:
    (key,) = ask_for("quick")
    claimed = claim()
    db.session.commit()
    assert row(key).attempts == 1
    claims.give_back(Errand, claimed)
    db.session.commit()
    assert (row(key).attempts, row(key).lease_until) == (0, None)


def test_a_lease_can_be_renewed_by_its_holder_only() -> None:
    (key,) = ask_for("quick")
    (held,) = claim()
    db.session.commit()
    before = row(key).lease_until
    with db.engine.begin() as connection:
        claims.renew(connection, Errand, [held], 2 * LEASE)
    renewed = row(key).lease_until
    assert before
    assert renewed
    assert renewed > before
    db.session.rollback()
    with db.engine.begin() as connection:
        claims.renew(connection, Errand, [Claim(key, held.fence - 1, 1)], 9 * LEASE)
    assert row(key).lease_until == renewed


def test_a_failed_row_waits_for_a_person_who_retries_it() -> None:
    (key,) = ask_for("quick")
    (held,) = claim()
    claims.set_aside(Errand, held, "It cannot be.", clock())
    db.session.commit()
    assert claim(at=clock() + timedelta(days=1)) == []
    assert claims.retry(Errand, key)
    assert [one.attempts for one in claim()] == [1]
    db.session.commit()
    assert row(key).failed_at is None


def test_a_failed_row_can_be_discarded_and_others_cannot() -> None:
    failed, fine = ask_for("quick", "quick")
    change(failed, failed_at=clock())
    assert claims.discard(Errand, failed)
    assert not claims.discard(Errand, fine)
    assert not claims.retry(Errand, fine)


def test_rows_that_are_done_can_go_and_a_lost_one_keeps_the_whole_set() -> None:
    asked = ask_for("quick", "quick")
    claimed = claim()
    db.session.commit()
    change(asked[1], fence=Errand.fence + 1)
    with pytest.raises(claims.Lost):
        claims.remove(Errand, claimed)
    db.session.rollback()
    assert row(asked[0]).waiting_since
    claims.remove(Errand, claimed[:1])
    db.session.commit()
    assert db.session.get(Errand, asked[0]) is None


def test_what_failed_together_comes_alone() -> None:
    asked = ask_for("quick", "quick")
    claims.part(Errand, claim(), "Something in the set was wrong.")
    db.session.commit()
    assert [keys(claim()) for _ in range(3)] == [[asked[0]], [asked[1]], []]
