"""Every way in which a provider can fail to answer, in the middle of a run to two thousand people."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from app.audit.actor import COMMAND_LINE
from app.db import db
from app.deliveries import accounts, runs
from app.deliveries.delivery import Delivery
from app.settings import brakes
from app.settings.brakes import Brakes
from tests.faults.mailing import HEALED, PEOPLE, Stage, fresh, healed, is_over, wrongs
from tests.work.running import until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not os.environ.get("LONG"), reason="runs for minutes: bin/test --long"),
    pytest.mark.timeout(300),
]
# Ours is over after a while, by itself; `takes`: the mails were taken, and nobody said so.
PASSING: tuple[dict[str, Any], ...] = (
    {"kind": "rate_limit_exceeded", "times": 5, "wait": 2},
    {"kind": "concurrent_idempotent_requests", "times": 3},
    {"kind": "validation_error", "times": 3},
    {"kind": "application_error", "times": 3},
    {"kind": "internal_server_error", "times": 3},
    {"kind": "internal_server_error", "times": 3, "takes": True},
    {"kind": "html", "times": 3},
    {"kind": "html", "times": 3, "takes": True},
    {"kind": "hang", "times": 1, "seconds": 40},
    {"kind": "hang", "times": 1, "seconds": 40, "takes": True},
    {"kind": "reset", "times": 3},
    {"kind": "reset", "times": 3, "takes": True},
    {"kind": "cut", "times": 3},
    {"kind": "truncated", "times": 3},
    {"kind": "empty", "times": 3},
    {"kind": "garbled", "times": 3},
    {"kind": "missing", "times": 3},
    {"kind": "slow", "times": 3, "seconds": 3},
    {"kind": "slow", "times": 1, "seconds": 15},
)
FOR_A_PERSON = (
    "daily_quota_exceeded",
    "monthly_quota_exceeded",
    "missing_api_key",
    "restricted_api_key",
    "invalid_api_key",
    "security_error",
)


@pytest.fixture
def stage(at_work: Stage) -> Iterator[Stage]:
    at_work.forget_log()
    yield at_work
    at_work.provider.heals()


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: "-".join(map(str, fault.values())))
def test_what_passes_by_itself_loses_nothing_and_repeats_nothing(stage: Stage, fault: dict[str, Any]) -> None:
    stage.provider.fails(**fault, after=3)
    run = stage.plan()
    until(lambda: not stage.provider.ask("GET", "/_faults"))
    time.sleep(fault.get("seconds", 0))  # the last of them is not over before
    print(f"{fault}: healed {healed(stage, run)} s later")  # noqa: T201
    assert "row failed" not in stage.log, "what the provider does not say is no error of ours"


@pytest.mark.parametrize("kind", FOR_A_PERSON)
def test_a_refused_account_posts_nothing_until_somebody_has_seen_to_it(stage: Stage, kind: str) -> None:
    stage.provider.fails(kind=kind, times=None, after=3)
    run = stage.plan()
    until(is_closed)
    time.sleep(2)  # a call that was on its way
    said, calls = accounts.closed("resend"), stage.provider.counts["calls"]
    assert said
    assert kind in (said.closed_for or "")
    time.sleep(12)
    assert stage.provider.counts["calls"] == calls
    assert fresh(run).state == "sending"
    stage.provider.heals()
    accounts.reopen("resend", COMMAND_LINE)
    db.session.commit()
    print(f"{kind}: healed {healed(stage, run)} s later")  # noqa: T201


def test_one_poison_mail_for_which_whole_calls_are_refused_fails_alone(stage: Stage) -> None:
    poison = f"p{PEOPLE // 2}@posteo.example"
    stage.provider.fails(kind="validation_error", only=poison, times=None)
    run = stage.plan()
    until(lambda: is_over(run), HEALED)
    whose = db.session.scalars(select(Delivery).where(Delivery.run_id == run.id, Delivery.email == poison)).one()
    assert (whose.state, "validation_error" in (whose.reason or "")) == ("failed", True)
    stage.wanted[whose.customer_id] = (whose.state, whose.reason)
    calls = stage.provider.counts["calls"]
    assert wrongs(stage, run) == []
    assert calls < PEOPLE // 100 + 20
    stage.provider.heals()
    runs.retry_failed(fresh(run), COMMAND_LINE)
    db.session.commit()
    stage.wanted[whose.customer_id] = ("accepted", None)
    healed(stage, run)


def test_what_is_wrong_with_all_mails_of_a_call_fails_them_and_they_may_be_tried_again(stage: Stage) -> None:
    brakes.save(Brakes(failed=None), brakes.versioned()[1], COMMAND_LINE)  # or the run would pause itself
    db.session.commit()
    stage.provider.fails(kind="invalid_from_address", after=3)
    run = stage.plan()
    until(lambda: is_over(run), HEALED)
    failed = runs.account(run).failed
    assert sum(failed.values()) == 100
    assert all("invalid_from_address" in said for said in failed)
    runs.retry_failed(fresh(run), COMMAND_LINE)
    db.session.commit()
    healed(stage, run)


def test_a_mail_that_is_refused_alone_fails_alone(stage: Stage) -> None:
    odd = stage.make_odd()
    run = stage.plan()
    until(lambda: is_over(run), HEALED)
    failed = runs.account(run).failed
    assert sum(failed.values()) == 1, failed
    stage.wanted[odd] = ("failed", next(iter(failed)))
    assert wrongs(stage, run) == []


def is_closed() -> bool:
    db.session.rollback()
    db.session.expire_all()
    return accounts.closed("resend") is not None
