"""The look-alike of AWS that others wrote, as a process of its own on loopback."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from tests.provider.mail_server import _free_port
from tests.work.running import until

SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIATEST/20250101/eu-central-1/ses/aws4_request"}
pool = urllib3.PoolManager(retries=False, timeout=10)


@dataclass(frozen=True)
class Moto:
    url: str

    def verify(self, identity: str) -> None:
        """A sender of this account."""
        asked = {"EmailIdentity": identity}
        answer = pool.request("POST", f"{self.url}/v2/email/identities", json=asked, headers=SIGNED)
        assert answer.status == 200, answer.data

    @property
    def mails(self) -> list[dict[str, Any]]:
        found = pool.request("GET", f"{self.url}/moto-api/data.json").json()
        return list(found["ses"]["RawMessage"])


@contextlib.contextmanager
def serving() -> Iterator[Moto]:
    moto = Moto(f"http://127.0.0.1:{_free_port()}")
    command = [sys.executable, "-m", "moto.server", "-p", moto.url.rpartition(":")[2]]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _answers(moto))
        yield moto
    finally:
        process.kill()
        process.wait()


def _answers(moto: Moto) -> bool:
    try:
        return pool.request("GET", f"{moto.url}/moto-api/data.json").status == 200
    except HTTPError:
        return False
