"""All workers together call no faster than the provider allows, and not much slower."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
import urllib3
from redis import Redis

from app import queue
from app.claims import NotYet
from app.deliveries import pace
from tests.provider.running import inside

ROOT = Path(__file__).parents[2]
NEVER = timedelta(0)
A_SECOND = {"ratelimit-remaining": "1", "ratelimit-reset": "1"}
CALLER = """
import json, sys, time
from app import create_app
from app.claims import NotYet
from app.config import from_environment
from app.deliveries import pace
import os
app = create_app(from_environment(os.environ), "tests")
with app.app_context():
    print("ready", flush=True)
    sys.stdin.readline()
    taken, ends = [], time.time() + 2
    while time.time() < ends:
        try:
            pace.take("resend")
            taken.append(time.time())
        except NotYet as not_yet:
            time.sleep(not_yet.wait.total_seconds())
print(json.dumps(taken))
"""


def allowed(limit, **more):
    pace.heard("resend", {"ratelimit-limit": str(limit), **A_SECOND, **more})


def taken(seconds):
    """How many places there are in so many seconds, for one who sleeps as he is told."""
    count, ends = 0, time.monotonic() + seconds
    while time.monotonic() < ends:
        pace.take("resend")
        count += 1
    return count


def told():
    with pytest.raises(NotYet) as not_yet:
        pace.take("resend", NEVER)
    return not_yet.value.wait.total_seconds()


def test_the_outbox_has_no_pace(app):
    for _ in range(1000):
        pace.take("outbox", NEVER)


def test_it_begins_slowly(app):
    pace.take("resend", NEVER)
    assert 0.1 < told() <= 0.5


def test_each_who_must_wait_is_told_another_time(app):
    pace.take("resend", NEVER)
    first, second, third = told(), told(), told()
    assert 0.2 < second - first <= 0.51
    assert 0.2 < third - second <= 0.51


def test_nobody_is_told_to_wait_for_long(app):
    pace.take("resend", NEVER)
    assert max(told() for _ in range(60)) <= pace.LATEST.total_seconds()


def test_it_follows_what_the_provider_says(app):
    allowed(50)
    assert 20 <= taken(1) <= 51
    allowed(5)
    assert 2 <= taken(1) <= 6


def test_a_place_close_at_hand_is_waited_for_and_one_further_away_is_not(app):
    allowed(5)
    pace.take("resend")
    began = time.monotonic()
    pace.take("resend")
    assert time.monotonic() - began > 0.1
    with pytest.raises(NotYet):
        pace.take("resend", timedelta(milliseconds=50))


def test_somebody_waits_for_it_so_it_gets_the_next_place(app):
    pace.take("resend")
    told()
    began = time.monotonic()
    pace.take("resend", pace.URGENT)
    assert time.monotonic() - began > 0.2


def test_asked_to_wait_all_wait(app):
    allowed(100)
    pace.heard("resend", {"retry-after": "3"})
    assert 2 < told() < 3.2


def test_nothing_left_until_a_later_reset_is_waited_for(app):
    pace.heard("resend", {"ratelimit-limit": "100", "ratelimit-remaining": "0", "ratelimit-reset": "30"})
    assert 14 < told() <= 31


def test_nothing_left_of_this_second_costs_no_whole_second(app):
    allowed(20)
    pace.take("resend")
    allowed(20, **{"ratelimit-remaining": "0"})
    assert told() < 0.2


@pytest.mark.parametrize("limit", ["", "0", "-1", "1.5", "many", "٣", "9" * 12])
def test_nonsense_is_not_followed(app, limit):
    allowed(limit)
    pace.take("resend", NEVER)
    assert 0.1 < told() <= 0.5


def test_a_lost_redis_only_forgets_what_was_said(app, config):
    allowed(50)
    pace.take("resend")
    redis = Redis.from_url(config.redis_url)
    redis.flushdb()
    redis.script_flush()
    pace.take("resend")
    assert told() > 0.1


def test_without_redis_nothing_is_called(app, monkeypatch):
    away = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=1)
    monkeypatch.setattr(pace, "redis_connection", lambda: away)
    with pytest.raises(NotYet) as not_yet:
        pace.take("resend")
    assert not_yet.value.wait == timedelta(seconds=2)
    allowed(10)
    assert not pace.is_to_be_asked("resend")
    assert queue.redis_connection().exists("campus:pace:resend") == 0


def test_two_processes_share_one_pace(app, environment):
    allowed(20)
    callers = [_caller(environment) for _ in range(2)]
    assert {one.stdout.readline() for one in callers} == {"ready\n"}
    for one in callers:
        one.stdin.write("\n")
        one.stdin.flush()
    found = [json.loads(one.communicate(timeout=60)[0]) for one in callers]
    both = sorted(at for one in found for at in one)
    assert all(found), "each got some"
    for start in both:
        assert sum(start <= at < start + 1 for at in both) <= 21
    assert len(both) >= 15


def test_paced_calls_are_never_refused(app):
    with inside(rate=20) as provider:
        pool = urllib3.PoolManager(retries=False)
        for number in range(40):
            pace.take("resend", pace.URGENT)
            headers = {"Authorization": "Bearer re_1", "Idempotency-Key": str(number)}
            pace.heard("resend", pool.request("POST", f"{provider.url}/emails", headers=headers, body=b"{}").headers)
        assert {call["status"] for call in provider.calls} == {422}


def _caller(environment):
    return subprocess.Popen(
        [sys.executable, "-c", CALLER],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_pace_is_told_as_it_was_heard_last(app):
    assert pace.rate("resend") is None
    allowed(10)
    assert pace.rate("resend") == pytest.approx(10 * pace.SHARE)
    assert pace.rate("outbox") is None
