"""A shop on another origin with a few plain pages, and somebody who walks through it with a real browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
from playwright.sync_api import Browser, Page
from sqlalchemy import text

from app.db import db
from tests.browser.conftest import ROOT, _await, _free_port

SECRET = "what-this-shop-signs-with"
PAGE = """<!doctype html><meta charset=utf-8><title>{title}</title>
<script src="{server}/track.js" defer></script><h1>{title}</h1><a href="/">Home</a>"""


@dataclass(frozen=True)
class Floor:
    """`server`: where the product runs; `shop`: the shop's own address."""

    server: str
    shop: str

    def token(self, lead: str, **claims: Any) -> str:
        return jwt.encode({"sub": lead, "exp": time.time() + 3600, **claims}, SECRET, "HS256")


class _Pages(BaseHTTPRequestHandler):
    server_of_product = ""

    def do_GET(self) -> None:
        body = PAGE.format(title=self.path.strip("/") or "Home", server=self.server_of_product).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def opened(environment: dict[str, str]) -> Iterator[Floor]:
    """The product under its own web server, and the shop beside it."""
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    pages = type("Pages", (_Pages,), {"server_of_product": address})
    shop = ThreadingHTTPServer(("127.0.0.1", 0), pages)
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    origin = f"http://localhost:{shop.server_port}"
    said = {"TRACK_JWT_SECRET": SECRET, "TRACK_ORIGINS": origin, "BASE_URL": address, "LOG_FORMAT": "json"}
    granian = Path(sys.executable).with_name("granian")
    command = [granian, "--interface", "wsgi", "wsgi:app", "--no-ws", "--port", str(port)]
    with (ROOT / "var" / "test" / f"shop-{port}.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment, **said}, stdout=log, stderr=log)
    try:
        _await(f"{address}/health/ready")
        yield Floor(address, origin)
    finally:
        server.terminate()
        server.wait(20)
        shop.shutdown()


class Guest:
    """Walks through the shop; `told` waits until what they did has arrived in the database."""

    def __init__(self, floor: Floor, chromium: Browser, lead: str | None = None) -> None:
        self.floor = floor
        self.context = chromium.new_context()
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda one: self.complaints.append(one.text) if one.type == "error" else None)
        self.go("/")
        if lead:
            self.does("identify", floor.token(lead))

    def go(self, path: str) -> None:
        self.page.goto(self.floor.shop + path, wait_until="load")

    def does(self, what: str, *said: Any) -> None:
        """As the shop's own script would: campus.view({…})."""
        with self.page.expect_response(lambda one: "/track/" in one.url) if what != "identify" else _nothing() as _:
            self.page.evaluate(f"campus.{what}({', '.join(map(json.dumps, said))})")

    def leave(self) -> None:
        self.context.close()


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def until(asked: str, is_so: Callable[[Any], bool] = bool, seconds: float = 20, work: Callable[[], Any] = int) -> Any:
    """What the database says once it says it."""
    ends = time.monotonic() + seconds
    while True:
        work()
        db.session.rollback()
        found = db.session.scalar(text(asked))
        if is_so(found):
            return found
        assert time.monotonic() < ends, f"{asked}: {found}"
        time.sleep(0.05)
