from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from rq.timeouts import JobTimeoutException

from app import claims, pump
from app.clock import clock
from app.db import db
from tests.work import errands
from tests.work.errands import ERRANDS, Errand
from tests.work.running import ask_for, change, effects, row, waiting


@pytest.fixture(autouse=True)
def _table(request: pytest.FixtureRequest) -> Iterator[None]:
    request.getfixturevalue("errands")
    yield
    pump.stopping.clear()


def raising(error: Exception) -> pump.Do:
    def do(_key: int, _now: datetime) -> None:
        raise error

    return do


def test_it_does_what_is_due_and_says_how_many() -> None:
    ask_for(*["quick"] * 9)
    assert pump.pump(ERRANDS, lambda key, now: None) == 9
    assert waiting() == 0


def test_an_error_is_tried_again_later_and_set_aside_in_the_end() -> None:
    (key,) = ask_for("quick")
    for attempt in range(1, ERRANDS.most + 1):
        assert pump.pump(ERRANDS, raising(KeyError("ann@example.com"))) == 0
        assert row(key).attempts == attempt
        change(key, not_before=clock())
    assert row(key).failed_at
    assert row(key).error == "It ended in an error that nobody foresaw (KeyError); the log says where."


@pytest.mark.parametrize(("step", "is_done"), [(pump.STILL_HERE, False), (pump.ON_ITS_WAY, True)])
def test_asked_to_stop_it_rests_between_steps_but_not_where_something_is_about_to_leave(step, is_done) -> None:
    (key,) = ask_for("quick")
    went_on = []

    def do(_key: int, _now: datetime) -> Iterator[bool]:
        pump.stopping.set()
        yield step
        went_on.append(key)

    assert pump.pump(ERRANDS, do) == int(is_done)
    assert bool(went_on) is is_done
    assert (row(key).attempts, row(key).waiting_since is None) == ((1, True) if is_done else (0, False))


def test_rows_claimed_together_are_given_back_after_a_moment(monkeypatch) -> None:
    monkeypatch.setattr(pump, "TURN", 0.0)
    ask_for(*["quick"] * 3)
    seen = []
    assert pump.pump(ERRANDS, lambda key, now: seen.append(key)) == 3
    assert len(seen) == 3
    assert waiting() == 0


def test_the_pauses_grow() -> None:
    assert [pump.pause_after(n).seconds for n in (1, 2, 3, 4, 5, 9)] == [5, 30, 120, 600, 600, 600]


def test_what_can_never_be_is_set_aside_at_once() -> None:
    (key,) = ask_for("quick")
    pump.pump(ERRANDS, raising(claims.Refused("There is no such file.")))
    assert row(key).failed_at
    assert row(key).error == "There is no such file."


def test_what_cannot_be_yet_waits_without_counting() -> None:
    (key,) = ask_for("quick")
    pump.pump(ERRANDS, raising(claims.NotYet("The door is locked.", timedelta(minutes=1))))
    assert (row(key).attempts, row(key).failed_at, row(key).error) == (0, None, "The door is locked.")
    assert row(key).not_before > clock() + timedelta(seconds=50)


def test_what_failed_leaves_nothing_behind() -> None:
    ask_for("fail")
    pump.pump(ERRANDS, errands.do)
    assert effects() == {}


def test_a_row_that_was_lost_meanwhile_leaves_nothing_behind() -> None:
    (key,) = ask_for("quick")

    def slowly(key: int, now: datetime) -> None:
        with db.engine.begin() as somebody_else:
            claim_again = db.update(Errand).where(Errand.id == key).values(fence=Errand.fence + 1)
            somebody_else.execute(claim_again)
        errands.do(key, now)

    assert pump.pump(ERRANDS, slowly) == 0
    assert effects() == {}
    assert row(key).waiting_since


def test_asked_to_stop_it_finishes_the_row_in_hand_and_gives_back_the_rest() -> None:
    asked = ask_for(*["quick"] * 4)
    assert pump.pump(ERRANDS, lambda key, now: pump.stopping.set()) == 1
    assert [row(key).attempts for key in asked] == [1, 0, 0, 0]
    assert waiting() == 3


def test_out_of_time_it_puts_off_the_row_in_hand_and_gives_back_the_rest() -> None:
    asked = ask_for(*["quick"] * 4)
    with pytest.raises(JobTimeoutException):
        pump.pump(ERRANDS, raising(JobTimeoutException("20 seconds")))
    assert [row(key).attempts for key in asked] == [1, 0, 0, 0]
    assert row(asked[0]).error == pump.TOO_LONG
    assert not any(row(key).lease_until for key in asked)


def test_a_row_that_takes_longer_than_its_lease_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "LEASE", timedelta(seconds=0.9))
    ask_for("quick")

    def slowly(key: int, _now: datetime) -> None:
        time.sleep(2)
        with db.engine.connect() as somebody_else:
            until = somebody_else.scalar(db.select(Errand.lease_until).where(Errand.id == key))
        assert until
        assert until > clock()

    assert pump.pump(ERRANDS, slowly) == 1


def test_a_poison_row_harms_no_other() -> None:
    poison = ask_for("quick", "quick", "quick")[1]

    def do(key: int, _now: datetime) -> None:
        if key == poison:
            raise ValueError

    assert pump.pump(replace(ERRANDS, batch=10), do) == 2
    assert waiting() == 1
