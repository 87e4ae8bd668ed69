"""Redis comes and goes; no request waits for it, and none is lost while there is room."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from uuid import uuid4

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as Away

from app import measures
from app.buffer import Buffer
from app.queue import redis_connection
from app.tracking import stream
from app.tracking.stream import Seen
from tests.work.running import ROOT, until

LAST_WORDS = """
import os
from multiprocessing import get_context
from types import SimpleNamespace
from uuid import uuid4
from flask import Flask
from app.tracking import stream

app = Flask("dying")
app.extensions["config"] = SimpleNamespace(redis_url=os.environ["REDIS_URL"])

def note():
    with app.app_context():
        stream.note(stream.Seen(uuid4(), "open", 1.0, 1))

note()
worker = get_context("fork").Process(target=note)
worker.start()
worker.join()
"""


def test_what_is_noted_is_in_redis_a_moment_later(app):
    for _ in range(5):
        stream.note(Seen(uuid4(), "open", time.time(), 1))
    until(lambda: redis_connection().xlen(stream.STREAM) == 5)


def test_while_redis_is_away_nothing_is_lost_and_then_the_oldest_go(app):
    there: list[bytes] = []
    is_away = True

    def hand_over(some: list[bytes]) -> None:
        if is_away:
            raise Away
        there.extend(some)

    buffer = Buffer(hand_over, "hits", measures.HITS, room=3)
    for n in range(5):
        buffer.add(b"%d" % n)
        assert buffer.flush() is False
    is_away = False
    assert buffer.flush()
    assert (there, buffer.dropped, len(buffer)) == ([b"2", b"3", b"4"], 2, 0)


@pytest.mark.parametrize("odd", [None, Seen("x", "y", "z", "\ud800"), Seen(uuid4(), "open", 1.0, 1, agent="\ud800")])  # type: ignore[arg-type]
def test_noting_never_raises(app, odd):
    stream.note(odd)


def test_a_process_that_ends_hands_over_what_it_has_and_its_child_nothing_else(app, environment, tmp_path):
    script = tmp_path / "dying.py"
    script.write_text(LAST_WORDS)
    env = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, script], cwd=ROOT, env=env, check=True)
    assert Redis.from_url(environment["REDIS_URL"]).xlen(stream.STREAM) == 2
