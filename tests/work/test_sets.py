"""Small rows are done together and go once they are done; a set with a row at fault is tried again row by row."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from rq.timeouts import JobTimeoutException
from sqlalchemy import func, select

from app import claims, pump
from app.clock import clock
from app.db import db
from tests.work.errands import Effect, Errand
from tests.work.running import ask_for, change, effects, row

ERRANDS = pump.SetWork("Errands", Errand, "events", "tests.work.errands.run", batch=50, most=3)


@pytest.fixture(autouse=True)
def _table(request: pytest.FixtureRequest) -> Iterator[None]:
    request.getfixturevalue("errands")
    yield
    pump.stopping.clear()


def left() -> int:
    return db.session.scalar(select(func.count()).select_from(Errand)) or 0


class Doing:
    """Writes one line per row and remembers the sets; a row at fault stops its whole set."""

    def __init__(self, *poison: int, error: Exception | None = None) -> None:
        self.poison, self.error, self.sets = poison, error or ValueError("secret@customer.example"), []

    def __call__(self, keys: list[int], _now: datetime) -> None:
        self.sets.append(len(keys))
        db.session.add_all([Effect(errand_id=key, pid=os.getpid()) for key in keys])
        db.session.flush()
        if set(self.poison) & set(keys):
            raise self.error


def test_a_set_is_done_in_one_go_and_its_rows_are_gone() -> None:
    asked, doing = ask_for(*["quick"] * 120), Doing()
    assert pump.pump(ERRANDS, doing) == 120
    assert doing.sets == [50, 50, 20]
    assert effects() == dict.fromkeys(asked, 1)
    assert left() == 0


def test_only_the_row_at_fault_is_set_aside_with_its_reason() -> None:
    asked = ask_for(*["quick"] * 7)
    doing = Doing(asked[3])
    assert pump.pump(ERRANDS, doing) == 6
    assert doing.sets == [7, 1, 1, 1, 1, 1, 1, 1]
    assert effects() == {key: 1 for key in asked if key != asked[3]}
    assert (left(), row(asked[3]).failed_at, row(asked[3]).attempts) == (1, None, 2)
    change(asked[3], not_before=clock())
    pump.pump(ERRANDS, doing)
    assert row(asked[3]).failed_at
    assert row(asked[3]).error == "It ended in an error that nobody foresaw (ValueError); the log says where."


def test_what_can_never_be_is_set_aside_on_its_own_and_fresh_sets_go_on_meanwhile() -> None:
    (poison, *_others) = ask_for(*["quick"] * 3)
    assert pump.pump(ERRANDS, Doing(poison, error=claims.Refused("There is no such thing."))) == 2
    assert row(poison).error == "There is no such thing."
    assert row(poison).failed_at
    ask_for("quick", "quick")
    assert pump.pump(ERRANDS, Doing()) == 2
    assert left() == 1


def test_what_cannot_be_yet_waits_as_a_set() -> None:
    asked = ask_for("quick", "quick")
    pump.pump(ERRANDS, Doing(*asked, error=claims.NotYet("The door is locked.", timedelta(minutes=1))))
    assert [(row(key).attempts, row(key).error) for key in asked] == [(0, "The door is locked.")] * 2
    change(asked[0], not_before=clock())
    change(asked[1], not_before=clock())
    doing = Doing()
    assert pump.pump(ERRANDS, doing) == 2
    assert doing.sets == [2]


def test_a_set_of_which_one_row_was_lost_leaves_nothing_behind() -> None:
    asked = ask_for("quick", "quick")

    def slowly(keys: list[int], now: datetime) -> None:
        with db.engine.begin() as somebody_else:
            somebody_else.execute(db.update(Errand).where(Errand.id == keys[1]).values(fence=Errand.fence + 1))
        Doing()(keys, now)

    assert pump.pump(ERRANDS, slowly) == 0
    assert effects() == {}
    assert [row(key).failed_at for key in asked] == [None, None]


def test_out_of_time_the_set_comes_back_row_by_row() -> None:
    asked = ask_for("quick", "quick")
    with pytest.raises(JobTimeoutException):
        pump.pump(ERRANDS, Doing(*asked, error=JobTimeoutException("20 seconds")))
    assert not any(row(key).lease_until for key in asked)
    doing = Doing()
    assert pump.pump(ERRANDS, doing) == 2
    assert doing.sets == [1, 1]
