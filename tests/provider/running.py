"""The look-alike of Resend for tests: inside this process to be asked quickly, or one of its own to be killed."""

from __future__ import annotations

import contextlib
import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import urllib3
from flask import Flask

from app.emulator.desk import Settings
from app.emulator.server import Emulator

ROOT = Path(__file__).parents[2]
pool = urllib3.PoolManager(maxsize=8, retries=False, timeout=10)


@dataclass(frozen=True)
class Provider:
    """What a test says to it and asks of it, wherever it runs."""

    url: str

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = pool.request(method, self.url + path, body=None if body is None else msgspec.json.encode(body))
        assert answer.status == 200, answer.data
        return msgspec.json.decode(answer.data)

    def fails(self, kind: str, **how: Any) -> None:
        self.ask("POST", "/_faults", [{"kind": kind, **how}])

    def heals(self) -> None:
        self.ask("DELETE", "/_faults")

    def set(self, **settings: Any) -> None:
        self.ask("POST", "/_settings", settings)

    @property
    def counts(self) -> dict[str, int]:
        return self.ask("GET", "/_ledger?counts")

    @property
    def calls(self) -> list[dict[str, Any]]:
        return self.ask("GET", "/_ledger")["calls"]

    @property
    def mails(self) -> list[dict[str, Any]]:
        return self.ask("GET", "/_ledger")["mails"]


@contextlib.contextmanager
def inside(ledger: Path | str = ":memory:", **settings: Any) -> Iterator[Provider]:
    emulator = Emulator(ledger, settings=Settings(**settings)).start()
    try:
        yield Provider(emulator.url)
    finally:
        emulator.stop()


@contextlib.contextmanager
def carries(app: Flask, url: str) -> Iterator[None]:
    """The application with the one at this address for its provider."""
    before = app.extensions["config"]
    settings = {"mail_provider": "resend", "resend_api_key": "re_1", "resend_api_url": url}
    app.extensions["config"] = dataclasses.replace(before, **settings)
    try:
        yield
    finally:
        app.extensions["config"] = before


@contextlib.contextmanager
def apart(ledger: Path, port: int = 0) -> Iterator[tuple[Provider, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "app.emulator", str(ledger), str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield Provider(process.stdout.readline().strip()), process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
