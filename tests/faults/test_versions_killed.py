"""A run with two mails to two thousand people is killed, paused and resumed: each gets one, of their own place."""

from __future__ import annotations

import os

import msgspec
import pytest
from sqlalchemy import select

from app.audit.actor import COMMAND_LINE
from app.db import db
from app.deliveries import runs, variants
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from app.deliveries.variant import RunVariant
from tests.faults.mailing import Stage, fresh, healed

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not os.environ.get("LONG"), reason="kills workers: bin/test --long"),
    pytest.mark.timeout(300),
]
SUBJECTS = ("One", "Other")


def split(run: Run) -> None:
    variants.freeze(
        RunVariant(run_id=run.id, place=place, version_id=run.version_id, subject=subject, label="AB"[place])
        for place, subject in enumerate(SUBJECTS)
    )
    db.session.commit()


@pytest.mark.parametrize("step", ["in plan", "in seal", "before post", "after post"])
def test_a_split_run_that_is_killed_paused_and_resumed_sends_each_one_mail(stage: Stage, step: str) -> None:
    run = stage.plan()
    split(run)
    stage.start(STOP_AT=step, STOP_TURN="1" if step == "in plan" else "3")
    stage.until_it_happened()
    stage.cut_power()
    runs.pause(fresh(run), "Wait", COMMAND_LINE)
    db.session.commit()
    runs.resume(run, COMMAND_LINE)
    db.session.commit()
    stage.start()
    print(f"kill -9 {step}: healed {healed(stage, run)} s later")  # noqa: T201
    places = dict(db.session.execute(select(Delivery.id, Delivery.variant).where(Delivery.run_id == run.id)).all())
    for mail in stage.provider.mails:
        place = places[int(msgspec.json.decode(mail["tags"])["delivery_id"])]
        assert mail["subject"] == SUBJECTS[place]
    assert min(list(places.values()).count(place) for place in (0, 1)) > 900
