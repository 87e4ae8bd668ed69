"""bin/dev in a clone of its own: each of its processes is killed in turn while somebody clicks through the pages."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import psutil
import pytest

from tests.work.running import is_alive

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds; a bound for the test, not a promise: what was seen is printed
PAGES = ("/", "/customers", "/customers?q=an", "/customers/1", "/settings", "/settings/queues", "/settings/audit")
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
LEAKS = ("Traceback", "psycopg", "SELECT ", "sqlalchemy")

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not os.environ.get("LONG"), reason="kills a whole product for minutes: bin/test --long"),
    pytest.mark.timeout(900),
]


@dataclass
class Clicker(threading.Thread):
    """Clicks through the pages, and keeps what was worse than a clear answer."""

    address: str
    opener: OpenerDirector
    answers: list[int] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        while not self.over.is_set():
            for path in PAGES:
                self.click(path)
                time.sleep(0.05)

    def click(self, path: str) -> int:
        try:
            with self.opener.open(self.address + path, timeout=20) as answer:
                status, body = answer.status, answer.read().decode()
        except HTTPError as error:
            status, body = error.code, error.read().decode()
        except (URLError, OSError):
            status, body = 0, ""  # nobody listened: that is what a dead web server looks like
        self.answers.append(status)
        told = LEAKS if status != 200 else [leak for leak in LEAKS if leak != "SELECT "]  # the trail shows people's SQL
        self.leaks += [f"{path}: {leak}" for leak in told if leak in body]
        return status


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    there = tmp_path_factory.mktemp("a clone")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        (there / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, there / name)
    return there


@pytest.fixture(scope="module")
def product(clone: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PORT"}}
    log = (clone / "dev.log").open("wb")
    dev = subprocess.Popen([clone / "bin" / "dev"], cwd=clone, env={**env, "PORT": str(port)}, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        await_true(lambda: "Sign in as" in (clone / "dev.log").read_text(), 300)
        yield dev, address
    finally:
        dev.send_signal(signal.SIGINT)
        dev.wait(60)


def test_each_process_may_die_and_the_product_comes_back(product, clone):
    dev, address = product
    opener = signed_in(address, (clone / "var" / "sign-in").read_text().split()[-1])
    clicker = Clicker(address, opener)
    clicker.start()
    took = {}
    try:
        for name in sorted(kinds(dev.pid)):
            took[name] = kill_and_wait(dev.pid, name, clicker)
    finally:
        clicker.over.set()
        clicker.join(30)
    print("\nback after seconds:", took)  # noqa: T201 — pytest -s shows it
    assert clicker.leaks == []
    assert len(took) >= 6, took
    assert clicker.click("/customers") == 200


def kill_and_wait(pid: int, name: str, clicker: Clicker) -> float:
    """How long until the pages answer again and somebody does the work of those who died."""
    victims = kinds(pid).get(name, [])[:2]
    began = time.monotonic()
    for victim in victims:
        victim.send_signal(signal.SIGKILL)
    await_true(lambda: not any(map(is_alive, victims)), 20)
    await_true(lambda: ready(clicker.address) and clicker.click("/customers") == 200, PATIENCE)
    await_true(lambda: name in kinds(pid), PATIENCE)
    return round(time.monotonic() - began, 1)


def kinds(pid: int) -> dict[str, list[psutil.Process]]:
    """The product's processes under bin/dev, by what they do."""
    found: dict[str, list[psutil.Process]] = {}
    for process in psutil.Process(pid).children(recursive=True):
        try:
            found.setdefault(kind(" ".join(process.cmdline()), process.name()), []).append(process)
        except psutil.Error:
            continue
    found.pop("", None)
    return found


def kind(command: str, name: str) -> str:
    if "leash" in command or not command:
        return "leash" if command else ""
    if "granian" in command:
        return "web"
    if "worker.py" in command:
        return name if name.startswith(("worker ", "horse ")) else "worker"
    if "redis-server" in command:
        return "redis"
    if "postgres" in command:
        return "postgres" if " -D" in command else "postgres backend"
    return ""


def signed_in(address: str, password: str) -> OpenerDirector:
    opener = build_opener(HTTPCookieProcessor(CookieJar()))
    page = opener.open(f"{address}/sign-in", timeout=20).read().decode()
    token = TOKEN.search(page)
    assert token
    form = {"csrf_token": token[1], "email": "admin@campus.example", "password": password}
    answer = opener.open(f"{address}/sign-in", urlencode(form).encode(), timeout=20)
    assert answer.url == f"{address}/"
    return opener


def ready(address: str) -> bool:
    try:
        with build_opener().open(f"{address}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def await_true(question, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, "not within the bound"
        time.sleep(0.2)
