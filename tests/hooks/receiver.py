"""Somebody else's system: a real server on loopback that notes each call and answers as it is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sqlalchemy import select, text

from app.audit.actor import COMMAND_LINE
from app.db import db
from app.hooks import jobs, keeping
from app.hooks.hook import KINDS, Hook, HookAttempt


@dataclass
class Call:
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def said(self) -> dict[str, Any]:
        return json.loads(self.body)

    def is_signed_with(self, secret: str) -> bool:
        """As the libraries of Standard Webhooks check it."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        right = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return right in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    """`answers`: one after the other, the last for ever; a function answers as it likes."""

    url: str = ""
    answers: list[Any] = field(default_factory=lambda: [200])
    calls: list[Call] = field(default_factory=list)

    def next(self) -> Any:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def listening(*answers: Any) -> Iterator[Receiver]:
    receiver = Receiver(answers=[*answers] or [200])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.calls.append(Call(headers, self.rfile.read(length)))
            answer = receiver.next()
            if callable(answer):
                answer(self)
                return
            self.send_response(answer)
            if answer in (301, 302, 307):
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_said: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hooks?of=campus"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def make_hook(url: str = "http://127.0.0.1:9/", kinds: tuple[str, ...] = tuple(KINDS), name: str = "LMS") -> Hook:
    """It hears of what happened since yesterday."""
    hook = keeping.add(name, url, kinds, COMMAND_LINE)
    hook.since = datetime.now(UTC) - timedelta(days=1)
    db.session.commit()
    return hook


def tell_test(hook: Hook, count: int = 1) -> list[HookAttempt]:
    made = [keeping.test(hook, datetime.now(UTC), COMMAND_LINE) for _ in range(count)]
    db.session.commit()
    return made


def attempts() -> list[HookAttempt]:
    db.session.rollback()
    found = select(HookAttempt).order_by(HookAttempt.id)
    return list(db.session.scalars(found.execution_options(populate_existing=True)))


def told() -> list[tuple[str, int]]:
    """What has been written down to be told, and of which mail."""
    return [(one.kind, one.payload["data"]["delivery_id"]) for one in attempts()]


def worked() -> int:
    """The worker looks at its table, whatever was put off."""
    db.session.execute(text("UPDATE hook_attempts SET not_before = now()"))
    db.session.execute(text("UPDATE hooks SET rests_until = NULL"))
    db.session.commit()
    return jobs.call()
