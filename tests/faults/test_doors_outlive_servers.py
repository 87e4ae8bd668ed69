"""Pixels and clicks are answered while PostgreSQL and Redis fall and come back, and each of them is counted once."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app import signing
from app.db import db
from app.deliveries import targets, tracks
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from app.tracking import jobs
from app.tracking.hit import Hit
from tests.browser.conftest import _free_port
from tests.faults.mailing import Stage, rung_at
from tests.tracking.hitting import make_mails
from tests.work.running import ROOT, OwnRedis, until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not os.environ.get("LONG"), reason="lets servers fall for a while: bin/test --long"),
    pytest.mark.timeout(300),
]


class LastingRedis(OwnRedis):
    """What it has said yes to is on its disk."""

    def start(self) -> None:
        lasting = ["--dir", str(self.socket.parent), "--appendonly", "yes", "--appendfsync", "always"]
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--unixsocket", str(self.socket), *lasting]
        self.process = subprocess.Popen([self.program, *options], stdout=subprocess.DEVNULL)
        until(self.socket.exists)


@dataclass
class Readers(threading.Thread):
    """Open mails and follow links, one after the other."""

    port: int
    paths: list[str]
    answers: list[int] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        for path in cycle(self.paths):
            if self.over.is_set():
                return
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            connection.request("GET", path, headers={"User-Agent": "Thunderbird"})
            self.answers.append(connection.getresponse().status)
            connection.close()
            time.sleep(0.005)


def token_of(mail: Delivery) -> str:
    version = db.session.get_one(Run, mail.run_id).version_id
    return signing.token(tracks.TRACK, tracks.Track(mail.id, version, targets.mark(targets.of(version))))


def served(env: dict[str, str], port: int, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--blocking-threads", "4"]
    with log.open("ab") as told:
        return subprocess.Popen([*command, "wsgi:app"], cwd=ROOT, env={**os.environ, **env}, stdout=told, stderr=told)


def answers(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200
    except OSError:
        return False


def kept() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Hit)) or 0


def test_pixels_and_clicks_are_answered_and_counted_while_servers_fall(stage_apart: Stage, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("l")
    redis, port = LastingRedis(stage_apart.redis.program, folder), _free_port()
    mails = make_mails(20)
    tokens = [token_of(mail) for mail in mails]
    paths = [path for one in tokens for path in (f"/track/open/{one}.gif", f"/track/click/{one}/1")]
    with rung_at(stage_apart.app, redis.url):
        web = served({**stage_apart.env, "REDIS_URL": redis.tcp_url}, port, folder / "log")
        readers = Readers(port, paths)
        try:
            until(lambda: answers(port))
            readers.start()
            until(lambda: len(readers.answers) > 200)
            stage_apart.postgres.crash()
            until(lambda: len(readers.answers) > 400)
            stage_apart.postgres.start()
            redis.stop()
            until(lambda: len(readers.answers) > 600)
            redis.start()
            until(lambda: len(readers.answers) > 800)
        finally:
            readers.over.set()
            readers.join(30)
            web.terminate()  # what it has in hand it hands over
            web.wait(60)
        assert set(readers.answers) == {200, 302}, (folder / "log").read_text()[-3000:]
        while jobs.drain():
            pass
        assert kept() == len(readers.answers)
        redis.stop()
