from __future__ import annotations

import pytest
from rq import Queue
from structlog.testing import capture_logs

from app import queue
from app.queue import BELLS, Bell, connect, hear, redis_connection, ring
from tests.work.errands import Errand, run

NOBODY = "redis://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _in_peace(app: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_outage", queue._Outage())


def waiting_bells(name: str = "events") -> int:
    return redis_connection().llen(Queue(name, connection=redis_connection()).key)  # type: ignore[return-value]


def test_a_bell_that_nobody_has_heard_yet_is_not_rung_again() -> None:
    for _ in range(5):
        ring(run)
    assert waiting_bells() == 1


def test_once_heard_it_rings_again(errands: type[Errand]) -> None:
    ring(run)
    hear("tests.work.errands.run")
    ring(run)
    assert waiting_bells() == 2


def test_what_comes_while_it_is_being_answered_rings_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer() -> int:
        ring("a test")
        return 0

    monkeypatch.setitem(BELLS, "a test", Bell("a test", "events", 20, answer))
    hear("a test")
    assert waiting_bells() == 1


def test_other_ids_are_another_bell() -> None:
    ring(run, 1)
    ring(run, 2)
    ring(run, 2)
    assert waiting_bells() == 2


def test_a_queue_rings_all_its_bells() -> None:
    ring("events")
    assert waiting_bells() == len([bell for bell in BELLS.values() if bell.queue == "events"])


def test_bells_do_not_pile_up_when_nobody_listens() -> None:
    for number in range(queue.WAITING_BELLS + 20):
        ring(run, number)
    assert waiting_bells() == queue.WAITING_BELLS


def test_without_redis_it_says_so_once_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "redis_connection", lambda: connect(NOBODY))
    monkeypatch.setattr(queue, "PAUSE", 0.0)
    with capture_logs() as said:
        ring(run)
        ring(run)
    assert [line["event"] for line in said] == ["redis away"]


def test_after_an_outage_no_request_waits_for_redis_a_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(queue, "redis_connection", lambda: asked.append(1) or connect(NOBODY))
    ring(run)
    ring(run)
    assert len(asked) == 1


def test_a_failing_job_tells_redis_nothing_about_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer() -> int:
        raise ValueError("ann@example.com")

    monkeypatch.setitem(BELLS, "a test", Bell("a test", "events", 20, answer))
    with pytest.raises(queue.JobFailed) as raised:
        hear("a test")
    assert str(raised.value) == ""
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
