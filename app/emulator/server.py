"""The door: real HTTP on the loopback, a thread for each connection.

`POST /emails/batch` and `/emails`, `GET /emails/{id}`, `/domains` and `/domains/{id}` as Resend has them; `/_faults`,
`/_settings`, `/_webhooks`, `/_ledger` and `/_bodies` are ours.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Callable
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from app.emulator import answers, webhooks
from app.emulator.answers import Answer
from app.emulator.desk import Call, Desk, Settings
from app.emulator.faults import Fault
from app.emulator.ledger import Ledger
from app.emulator.retries import Retries
from app.emulator.webhooks import Wanted

HOST = "127.0.0.1"


class Emulator(ThreadingHTTPServer):
    """Stopped, it breaks off what it was about to say, as a killed one would; the ledger stays."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, ledger: Path | str, port: int = 0, settings: Settings | None = None) -> None:
        super().__init__((HOST, port), Door)
        self.is_over = threading.Event()
        self.ledger = Ledger(ledger)
        self.desk = Desk(self.ledger, settings or Settings(), self.is_over.wait)
        self.retries = Retries(self.is_over)
        self.open: set[socket.socket] = set()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}"

    def start(self) -> Emulator:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        self.shutdown()
        self.is_over.set()
        for connection in tuple(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self.ledger.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever calls may go away at any time, and so may we."""
        if not self.is_over.is_set():
            super().handle_error(request, client_address)


class Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Emulator

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        super().finish()

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError, ValueError):
            super().handle()

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def log_message(self, format: str, *args: Any) -> None:
        """The ledger is the log."""

    def _answer(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path, _, query = self.path.partition("?")
        ours = ROUTES.get((method, path))
        if ours is not None:
            self._write(_ours(ours, self.server, body, query))
        elif method == "POST" and path in ("/emails/batch", "/emails"):
            self._write(self.server.desk.answer(self._call(body, path == "/emails")))
        elif method == "GET" and (path == "/domains" or path.startswith(("/domains/", "/emails/"))):
            self._write(self.server.desk.look(self.path, self.headers.get("authorization", "")))
        else:
            self._write(answers.error("not_found"))

    def _call(self, body: bytes, is_single: bool) -> Call:
        said = self.headers.get
        is_permissive = said("x-batch-validation", "strict") == "permissive" and not is_single
        key = said("idempotency-key", "")
        return Call(body, said("authorization", ""), key, is_permissive, is_single)

    def _write(self, answer: Answer) -> None:
        if answer.wire == "silent":
            self.server.is_over.wait(answer.seconds)
        if answer.wire in ("cut", "silent"):
            self.close_connection = True
        elif answer.wire == "reset":
            self._reset()
        else:
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        lines = [
            f"HTTP/1.1 {answer.status} {responses.get(answer.status, 'Unknown')}",
            f"date: {self.date_time_string()}",
            f"content-type: {answer.content_type}",
            f"content-length: {len(answer.body)}",
            *(f"{name}: {value}" for name, value in answer.headers.items()),
        ]
        body = answer.body
        if answer.wire == "truncated":
            body, self.close_connection = body[: len(body) // 2], True
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def _reset(self) -> None:
        """Closed with words of the other side unread, as it were: it hears RST instead of an end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())


def _ours(do: Callable[[Emulator, bytes, str], Any], server: Emulator, body: bytes, query: str) -> Answer:
    try:
        return answers.said(do(server, body, query))
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        return answers.said({"error": str(error)}, 400)


def _ledger(server: Emulator, _body: bytes, query: str) -> object:
    counts = server.ledger.counts()
    if query == "counts":
        return counts
    return {"counts": counts, "calls": server.ledger.calls(), "mails": server.ledger.mails()}


def _clear_ledger(server: Emulator, _body: bytes, _query: str) -> object:
    server.ledger.clear()
    return server.ledger.counts()


def _faults(server: Emulator, _body: bytes, _query: str) -> object:
    return server.desk.faults.waiting()


def _add_faults(server: Emulator, body: bytes, _query: str) -> object:
    server.desk.faults.add(msgspec.json.decode(body, type=list[Fault]))
    return server.desk.faults.waiting()


def _clear_faults(server: Emulator, _body: bytes, _query: str) -> object:
    server.desk.faults.clear()
    return []


def _settings(server: Emulator, _body: bytes, _query: str) -> object:
    return server.desk.settings


def _set(server: Emulator, body: bytes, _query: str) -> object:
    changed = {**msgspec.to_builtins(server.desk.settings), **msgspec.json.decode(body, type=dict[str, Any])}
    server.desk.settings = msgspec.convert(changed, Settings)
    return server.desk.settings


def _webhooks(server: Emulator, body: bytes, _query: str) -> object:
    wanted, settings = msgspec.json.decode(body, type=Wanted), server.desk.settings
    if urlsplit(settings.webhook_url).scheme not in ("http", "https"):
        raise ValueError("webhook_url is not set: POST /_settings")
    to = webhooks.Receiver(settings.webhook_url, settings.webhook_secret, settings.retry_scale, server.retries)
    answered = webhooks.send(to, wanted, server.ledger.mails())
    server.desk.tell((one["id"] for one in answered), wanted.type)
    return answered


def _waiting_webhooks(server: Emulator, _body: bytes, _query: str) -> object:
    return server.retries.waiting


def _clear_webhooks(server: Emulator, _body: bytes, _query: str) -> object:
    server.retries.clear()
    return []


def _bodies(server: Emulator, _body: bytes, _query: str) -> object:
    """The mails as they were written, where `keeps_bodies` is set."""
    return [msgspec.Raw(body) for mail in server.ledger.mails() if (body := server.ledger.body(mail["id"]))]


ROUTES: dict[tuple[str, str], Callable[[Emulator, bytes, str], Any]] = {
    ("GET", "/_ledger"): _ledger,
    ("DELETE", "/_ledger"): _clear_ledger,
    ("GET", "/_faults"): _faults,
    ("POST", "/_faults"): _add_faults,
    ("DELETE", "/_faults"): _clear_faults,
    ("GET", "/_settings"): _settings,
    ("POST", "/_settings"): _set,
    ("POST", "/_webhooks"): _webhooks,
    ("GET", "/_webhooks"): _waiting_webhooks,
    ("DELETE", "/_webhooks"): _clear_webhooks,
    ("GET", "/_bodies"): _bodies,
}
