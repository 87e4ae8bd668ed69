"""Schemathesis asks every door whatever the document allows, and what it forbids, over a real socket."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from app.db import db
from app.receipts.receipt import Receipt
from tests.conftest import LONG

ROOT = Path(__file__).parents[2]
HOW = Path(__file__).with_name("schemathesis.toml")
# No chain of calls: the doors do not lead from one to another.
# The edges of every value of every door take a tenth of the whole suite: they are tried in the long one.
PHASES = "examples,coverage,fuzzing" if LONG else "examples,fuzzing"


@pytest.fixture(scope="module")
def address(environment: dict[str, str], migrated: object) -> Iterator[str]:
    """The web server of production on the database of these tests."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {**os.environ, **environment, "LOG_FORMAT": "json", "PYTHONUNBUFFERED": "1"}
    serve = [
        Path(sys.executable).with_name("granian"),
        "--interface",
        "wsgi",
        "wsgi:app",
        "--no-ws",
        "--port",
        str(port),
    ]
    with (ROOT / "var" / "test" / f"api-{port}.log").open("wb") as log:
        server = subprocess.Popen(serve, cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            _await(f"http://127.0.0.1:{port}/health/ready")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)


@pytest.mark.timeout(1200 if LONG else 300)
def test_every_answer_is_as_the_document_says(make_system, address, tmp_path):
    key = make_system("ingest", "read", "write", "send").key
    asked = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            "--config-file",
            HOW,
            "run",
            f"{address}/api/v1/openapi.json",
            "--header",
            f"Authorization: Bearer {key}",
            "--phases",
            PHASES,
            "--exclude-checks",
            "negative_data_rejection",  # asking.py asks for it where one bad item does not stand beside good ones
            "--max-examples",
            "400" if LONG else "25",
            "--seed",
            "7",
            "--no-shrink",
            "--no-color",
        ],
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.api.asking", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stdout[-8000:] + asked.stderr[-2000:]
    assert db.session.scalar(select(func.count()).select_from(Receipt)) > 100, "hardly anything was asked"


def _await(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


@pytest.mark.parametrize("path", ["/api/v1/events", "/v1/track"])
@pytest.mark.parametrize(("size", "status"), [(10, 200), (5 * 1024 * 1024 + 10, 413)])
def test_a_body_in_pieces_has_the_same_limit(make_system, address, path, size, status):
    said = b'{"lms_lead_id": "L1", "name": "login"}' if "api" in path else b'{"userId": "L1", "event": "login"}'
    pieces = iter([said, b" " * size])
    headers = {"Authorization": f"Bearer {make_system('ingest').key}", "Content-Type": "application/json"}
    asked = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    asked.request("POST", path, body=pieces, headers=headers, encode_chunked=True)
    assert asked.getresponse().status == status
    asked.close()
