"""A call of a webhook: signed, tried for a day, made at least once under one id, never where it must not be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from app.alerts.alert import Alert
from app.audit.actor import COMMAND_LINE
from app.db import db
from app.hooks import calling, directory, jobs, keeping
from app.hooks.hook import Hook
from tests.hooks.receiver import attempts, listening, make_hook, tell_test, told, worked

ROOT = Path(__file__).parents[2]


def hook_now(hook_id: int) -> Hook:
    return db.session.get_one(Hook, hook_id, populate_existing=True)


def causes() -> list[str]:
    return list(db.session.scalars(select(Alert.cause).where(Alert.settled_at.is_(None))))


def test_a_call_is_signed_with_the_secret_and_with_the_earlier_one_for_a_day(app):
    with listening() as receiver:
        hook = make_hook(receiver.url)
        earlier = hook.secret
        keeping.rotate(hook, datetime.now(UTC), COMMAND_LINE)
        tell_test(hook)
        worked()
        (call,) = receiver.calls
        assert call.is_signed_with(earlier)
        assert call.is_signed_with(hook_now(1).secret)
        assert not call.is_signed_with("whsec_" + "A" * 44)
        hook_now(1).earlier_until = datetime.now(UTC) - timedelta(seconds=1)
        tell_test(hook)
        worked()
        assert not receiver.calls[1].is_signed_with(earlier)
        assert call.said["type"] == "test"
        assert call.headers["content-type"] == "application/json"
    (one, _two) = attempts()
    assert (one.done_at is not None, one.status, one.answer) == (True, 200, "ok")


def test_what_nobody_takes_is_tried_again_under_its_id_and_given_up_after_a_day(app):
    with listening(500) as receiver:
        make_hook(receiver.url)
        tell_test(hook_now(1))
        for _ in range(len(jobs.PAUSES) + 3):
            worked()
    (attempt,) = attempts()
    assert len(receiver.calls) == len(jobs.PAUSES) + 1
    assert len({(call.id, call.body) for call in receiver.calls}) == 1
    assert (attempt.given_up_at is not None, attempt.error, attempt.status) == (True, "It answered 500.", 500)
    assert timedelta(hours=23) < sum(jobs.PAUSES, timedelta()) < timedelta(hours=25)
    with listening() as better:
        hook_now(1).url = better.url
        keeping.try_again(attempt, hook_now(1), COMMAND_LINE)
        db.session.commit()
        worked()
        assert [call.id for call in better.calls] == [receiver.calls[0].id]
    assert attempts()[0].done_at is not None


def test_a_hook_that_fails_rests_while_others_are_told(app):
    with listening(500) as down, listening() as up:
        tell_test(make_hook(down.url, name="down"), 6)
        tell_test(make_hook(up.url, name="up"), 2)
        worked()
        while jobs.call():
            pass
        assert (len(down.calls), len(up.calls)) == (1, 2)
    assert [one.attempts for one in attempts()[:6]] == [1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("answer", [302, 404, 503])
def test_whatever_is_no_yes_is_a_no_and_no_redirect_is_followed(app, answer):
    with listening(answer) as receiver:
        tell_test(make_hook(receiver.url))
        worked()
    assert len(receiver.calls) == 1
    assert (attempts()[0].done_at, attempts()[0].error) == (None, f"It answered {answer}.")


def test_nobody_is_there(app):
    tell_test(make_hook("http://127.0.0.1:9/"))
    worked()
    assert (attempts()[0].status, attempts()[0].error) == (None, "It could not be reached (ConnectionRefusedError).")


def test_an_answer_that_drips_is_cut_off_and_a_long_one_is_read_in_part(app, monkeypatch):
    over = threading.Event()

    def drip(request):
        while not over.wait(0.02):
            request.wfile.write(b"H")

    def pour(request):
        request.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 100_000)

    monkeypatch.setattr(calling, "SECONDS", 0.3)
    with listening(drip, pour) as receiver:
        assert "did not answer" in calling.call(receiver.url, b"{}", {}).said
        over.set()
        assert len(calling.call(receiver.url, b"{}", {}).said) == calling.LARGEST


def test_one_that_is_gone_is_switched_off_with_an_alert(app):
    with listening(410) as receiver:
        make_hook(receiver.url)
        tell_test(hook_now(1), 3)
        worked()
        worked()
        assert len(receiver.calls) == 1
    assert not hook_now(1).is_active
    assert all(one.given_up_at for one in attempts())
    assert causes() == ["hook-gone:1"]


def test_one_that_fails_for_a_day_raises_an_alert_until_it_answers(app):
    with listening(500, 200) as receiver:
        hook = make_hook(receiver.url)
        hook.failing_since = datetime.now(UTC) - timedelta(days=1)
        tell_test(hook)
        worked()
        assert causes() == ["hook-failing:1"]
        worked()
    assert causes() == []
    assert hook_now(1).failing_since is None


def test_killed_between_call_and_record_it_is_made_again_under_the_same_id(app, environment):
    """The worker dies inside the answer: the receiver has it, nobody has written it down."""
    with listening(lambda request: os.kill(worker.pid, signal.SIGKILL), 200) as receiver:
        tell_test(make_hook(receiver.url))
        said = "from wsgi import app\nfrom app.hooks import jobs\nwith app.app_context(): jobs.call()"
        worker = subprocess.Popen([sys.executable, "-c", said], cwd=ROOT, env={**os.environ, **environment})
        assert worker.wait(60) == -signal.SIGKILL
        assert attempts()[0].done_at is None
        db.session.execute(text("UPDATE hook_attempts SET lease_until = now()"))
        worked()
    assert len(receiver.calls) == 2
    assert len({call.id for call in receiver.calls}) == 1
    assert attempts()[0].done_at is not None


def test_two_workers_at_once_make_each_call_once(app):
    def work() -> None:
        with app.app_context():
            jobs.call()

    with listening() as receiver:
        tell_test(make_hook(receiver.url), 20)
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        worked()
    assert len({call.id for call in receiver.calls}) == len(receiver.calls) == 20


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[fd00:ec2::254]", "0.0.0.0", "2852039166"],
)
def test_the_addresses_where_clouds_keep_their_keys_are_never_called(app, address):
    assert calling.call(f"http://{address}/latest/", b"{}", {}).said == calling.NOT_THERE


def test_old_calls_are_forgotten_but_not_those_that_wait(app):
    tell_test(make_hook(), 2)
    db.session.execute(text("UPDATE hook_attempts SET created_date = now() - interval '40 days'"))
    db.session.execute(text("UPDATE hook_attempts SET waiting_since = NULL, done_at = now() WHERE id = 1"))
    for _ in directory.forget_old(datetime.now(UTC)):
        db.session.commit()
    assert [one.id for one in attempts()] == [2]


def test_nothing_is_told_of_nothing(app):
    assert (told(), jobs.call(), db.session.scalar(select(func.count()).select_from(Hook))) == ([], 0, 0)
