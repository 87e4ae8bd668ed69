"""Workers send to two thousand people and are killed, put to sleep and robbed of their servers: each gets one mail."""

from __future__ import annotations

import os
import time
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import select, text

from app.clock import clock
from app.db import db
from app.deliveries.run import Run
from tests.automations.making import make_active, make_segment, make_template
from tests.faults.mailing import Stage, fresh, healed, held_batch, hurry, is_done, one_of, posting, wrongs
from tests.work.running import until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not os.environ.get("LONG"), reason="kills workers for minutes: bin/test --long"),
    pytest.mark.timeout(300),
]
STEPS = ("before claim", "after claim", "in seal", "after seal", "before posting", "before post", "after post")
NEVER_OUT = ("after claim", "after seal", "before posting")  # whatever changes meanwhile still counts


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_that_dies_loses_nothing_and_repeats_nothing(stage: Stage, step: str) -> None:
    run = stage.plan()
    stage.start(STOP_AT=step, STOP_TURN="3")
    stage.start("send", "--no-scheduler", STOP_AT=step, STOP_TURN="3")  # one of them hears the bell, and may do it all
    stage.until_it_happened()
    print(f"kill -9 {step}: healed {healed(stage, run)} s later")  # noqa: T201


@pytest.mark.parametrize("step", STEPS)
def test_a_machine_that_dies_is_replaced_by_another(stage: Stage, step: str) -> None:
    run = stage.plan()
    stage.start(STOP_AT=step, STOP_TURN="3")
    stage.until_it_happened()
    stage.cut_power()
    stage.start()
    print(f"power cut {step}: healed {healed(stage, run)} s later")  # noqa: T201


def test_a_planner_that_dies_in_the_middle_leaves_no_half_of_an_audience(stage: Stage) -> None:
    run = stage.plan()
    stage.start(STOP_AT="in plan")
    stage.until_it_happened()
    assert db.session.scalar(text("SELECT count(*) FROM deliveries")) == 0
    print(f"kill -9 in plan: healed {healed(stage, run)} s later")  # noqa: T201


def test_everything_killed_again_and_again(stage: Stage) -> None:
    stage.provider.set(rate=2)
    run = stage.plan()
    for _ in range(5):
        workers = stage.start()
        until(lambda workers=workers: workers.child("send"))
        time.sleep(3)
        stage.redis.stop()
        stage.cut_power()
        stage.redis.start()
    stage.start()
    print(f"everything killed five times: healed {healed(stage, run)} s later")  # noqa: T201


@pytest.mark.parametrize("step", ["after claim", "after seal", "before posting", "before post", "after post"])
def test_a_worker_that_sleeps_past_its_lease_does_no_harm_when_it_wakes_up(stage: Stage, step: str) -> None:
    stage.provider.set(rate=1)  # the run is not over when it wakes up
    run = stage.plan()
    first = stage.start(STOP_AT=step, STOP_BY="PAUSE")
    stage.until_it_happened()
    held = held_batch()
    hurry(held)
    if step in NEVER_OUT:
        stage.refuse(one_of(held))
    stage.start("send")
    until(lambda: is_done(held))
    assert fresh(run).state == "sending"
    stage.wake()
    until(lambda: "row lost" in first.log.read_text())
    healed(stage, run)


def test_an_emptied_redis_loses_nothing(stage: Stage) -> None:
    stage.provider.set(rate=3)
    run = stage.plan()
    stage.start(STOP_AT="after seal", STOP_TURN="3")
    stage.start("send", "--no-scheduler")
    stage.until_it_happened()
    for _ in range(5):
        Redis.from_url(stage.redis.url).flushall()
        time.sleep(0.5)
    print(f"FLUSHALL: healed {healed(stage, run)} s later")  # noqa: T201


def test_a_redis_that_is_away_for_a_while_loses_nothing(stage: Stage) -> None:
    stage.provider.set(rate=3)
    run = stage.plan()
    stage.start()
    until(lambda: posting() >= 3)
    stage.redis.stop()
    time.sleep(5)
    stage.redis.start()
    print(f"Redis away for 5 s: healed {healed(stage, run)} s later")  # noqa: T201


def test_a_provider_that_is_away_for_a_while_loses_nothing(stage: Stage) -> None:
    stage.provider.set(rate=3)
    run = stage.plan()
    stage.start()
    until(lambda: posting() >= 3)
    stage.restart_provider(away=5)
    print(f"provider away for 5 s: healed {healed(stage, run)} s later")  # noqa: T201


def test_a_postgresql_that_crashes_between_post_and_record_loses_nothing(stage_apart: Stage) -> None:
    stage, server = stage_apart, stage_apart.postgres
    assert server
    run = stage.plan()
    stage.start(STOP_AT="after post", STOP_TURN="3", STOP_BY="WAIT")
    stage.until_it_happened()
    server.crash()
    server.start()
    stage.go_on()
    print(f"PostgreSQL crashed: healed {healed(stage, run)} s later")  # noqa: T201


@pytest.mark.parametrize(("schedulers", "step"), [(2, ""), (3, ""), (3, "in fire")])
def test_however_many_schedulers_an_automation_that_is_due_has_one_run(
    stage: Stage, schedulers: int, step: str
) -> None:
    automation = make_active(topic="newsletter", segment_id=make_segment().id, template_id=make_template().id)
    automation.next_at = clock() - timedelta(seconds=1)
    db.session.commit()
    for _ in range(schedulers):
        stage.start(**({"STOP_AT": step} if step else {}))
    until(runs, 90)
    healed(stage, runs()[0])
    time.sleep(8)  # the schedule is looked at every five
    assert len(runs()) == 1
    assert wrongs(stage, runs()[0]) == []


def runs() -> list[Run]:
    db.session.rollback()
    return list(db.session.scalars(select(Run)))
