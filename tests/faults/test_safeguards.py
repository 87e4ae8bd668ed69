"""One safeguard is taken away at a time: then the oracle has to find something wrong, or it would find nothing ever."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from app.automations import schedule
from app.clock import clock
from app.db import db
from app.deliveries import runs
from app.deliveries.run import Run
from tests.automations.making import make_active, make_segment, make_template
from tests.faults.mailing import HEALED, Stage, fresh, healed, held_batch, hurry, is_done, is_over, one_of, wrongs
from tests.work.running import until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not os.environ.get("LONG"), reason="runs for minutes: bin/test --long"),
    pytest.mark.timeout(300),
]


def test_without_the_frozen_bytes_people_get_it_twice(stage: Stage) -> None:
    stage.provider.fails(kind="cut", times=3, after=3)
    run = stage.plan()
    stage.start(WITHOUT="freeze")
    until(lambda: is_over(run), HEALED)
    assert "got it twice" in said(stage, run)


def test_without_the_fencing_number_a_worker_that_wakes_up_sends_it_again(stage: Stage) -> None:
    stage.provider.set(rate=1)
    run = stage.plan()
    first = stage.start(STOP_AT="before posting", STOP_BY="PAUSE", WITHOUT="fencing")
    stage.until_it_happened()
    held = held_batch()
    hurry(held)
    stage.refuse(one_of(held))
    stage.start("send")
    until(lambda: is_done(held))
    assert fresh(run).state == "sending"
    stage.provider.set(rate=100)  # the second post of it is not to be refused for coming too soon
    stage.wake()
    until(lambda: "row lost" in first.log.read_text())
    until(lambda: is_over(run), HEALED)
    assert "got it twice" in said(stage, run)
    assert "must not get it" in said(stage, run)


def test_without_a_second_look_somebody_who_said_no_gets_it(stage: Stage) -> None:
    run = stage.plan()
    stage.start(STOP_AT="after seal", STOP_TURN="3", WITHOUT="second look")
    stage.until_it_happened()
    stage.refuse(one_of(held_batch()))
    until(lambda: is_over(run), HEALED)
    assert "1 must not get it" in said(stage, run)


def test_without_ringing_again_a_bell_that_was_lost_leaves_people_without_their_mail(stage: Stage) -> None:
    run = stage.plan()
    stage.start(STOP_AT="after seal", STOP_TURN="3", WITHOUT="ringing again")
    stage.until_it_happened()
    time.sleep(HEALED)
    assert "got nothing" in said(stage, run)
    stage.cut_power()
    stage.start()
    healed(stage, run)


@pytest.fixture
def no_unique_key(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with db.engine.begin() as connection:
        connection.execute(text("DROP INDEX uq_runs_key"))
    monkeypatch.setattr(runs, "make", make_whatever_is_there)
    yield
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text("TRUNCATE runs, deliveries CASCADE"))
        connection.execute(text("CREATE UNIQUE INDEX uq_runs_key ON runs (key)"))


def make_whatever_is_there(run: Run) -> Run | None:
    names = [column.name for column in Run.__table__.columns]
    values = {name: value for name in names if (value := getattr(run, name)) is not None}
    return db.session.get_one(Run, db.session.scalar(insert(Run).values(values).returning(Run.id)))


def fired_again(stage: Stage) -> list[Run]:
    """A planned time that is due, and due again after the clock was set back."""
    automation = make_active(topic="newsletter", segment_id=make_segment().id, template_id=make_template().id)
    planned = clock()
    for _ in range(2):
        automation.next_at = planned
        schedule.fire(automation, planned)
        db.session.commit()
    stage.start()
    until(lambda: all(is_over(one) for one in all_runs()), HEALED)
    return all_runs()


def all_runs() -> list[Run]:
    db.session.rollback()
    return list(db.session.scalars(select(Run).order_by(Run.id)))


def test_with_its_key_a_planned_time_has_one_run(stage: Stage) -> None:
    (run,) = fired_again(stage)
    assert said(stage, run) == ""


@pytest.mark.usefixtures("no_unique_key")
def test_without_its_key_a_planned_time_has_two_runs(stage: Stage) -> None:
    first, _second = fired_again(stage)
    assert "2000 got it twice" in said(stage, first)


def said(stage: Stage, run: Run) -> str:
    found = "; ".join(wrongs(stage, fresh(run)))
    print(found)  # noqa: T201
    return found
