"""A small server that talks as SES does, in a thread of this process: it keeps what it takes, fails as a test wants."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import http.server
import os
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from unittest import mock

import msgspec
from flask import Flask

from app.deliveries.providers import aws
from app.outgoing import Ses

REGION = "eu-central-1"
# No files and no machine of anybody's own; tries of its own are what it has to keep us from.
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIATEST",
    "AWS_SECRET_ACCESS_KEY": "a secret",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "5",
}
SENDS, TELLS, KNOWS = "/v2/email/outbound-emails", "/v2/email/account", "/v2/email/identities"
HANGS_UP = "hangs up"


@dataclass(frozen=True)
class Taken:
    id: str
    call: dict[str, Any]
    headers: dict[str, str]

    @property
    def to(self) -> str:
        (only,) = self.call["Destination"]["ToAddresses"]
        return str(only)

    @property
    def mail(self) -> EmailMessage:
        found = message_from_bytes(base64.b64decode(self.call["Content"]["Raw"]["Data"]), policy=policy.SMTP)
        assert isinstance(found, EmailMessage)
        return found


@dataclass
class Fault:
    """`status` None: no answer at all. `takes`: it keeps the mail nevertheless. `cut`: so much of the answer comes."""

    status: int | None = 400
    code: str = ""
    message: str = ""
    body: bytes | None = None
    takes: bool = False
    after: float = 0
    cut: int | None = None
    only: str = ""
    times: int | None = 1
    path: str = SENDS


@dataclass
class Desk:
    """What a test says to the server and asks of it."""

    url: str = ""
    rate: float = 500
    identities: dict[str, dict[str, Any]] = field(default_factory=dict)
    mails: list[Taken] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    calls: list[str] = field(default_factory=list)

    @property
    def got(self) -> Counter[str]:
        return Counter(one.to for one in self.mails)

    @property
    def environment(self) -> dict[str, str]:
        """Of a worker whose provider it is."""
        return {**ENVIRONMENT, "MAIL_PROVIDER": "ses", "SES_REGION": REGION, "SES_ENDPOINT_URL": self.url}

    def says(self, code: str = "", message: str = "", status: int | None = 400, **how: Any) -> None:
        self.faults.append(Fault(status, code, message, **how))

    def fault(self, path: str, to: str) -> Fault | None:
        found = next((one for one in self.faults if one.path == path and one.only in ("", to)), None)
        if found is not None and found.times is not None:
            found.times -= 1
            if not found.times:
                self.faults.remove(found)
        return found

    def take(self, call: dict[str, Any], headers: dict[str, str]) -> str:
        self.mails.append(Taken(f"0102-{len(self.mails) + 1:06}", call, headers))
        return self.mails[-1].id


class Talk(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    desk: Desk

    def setup(self) -> None:
        super().setup()
        self.desk.counts["talks"] += 1

    def do_GET(self) -> None:
        if self.path.startswith(f"{KNOWS}/"):
            asked = self.path.rpartition("/")[2]
            self.path = KNOWS
            self._answer(KNOWS, {}, self.desk.identities.get(asked, {}))
            return
        self._answer(
            TELLS, {}, {"SendQuota": {"Max24HourSend": 1e6, "MaxSendRate": self.desk.rate, "SentLast24Hours": 9e5}}
        )

    def do_POST(self) -> None:
        call = msgspec.json.decode(self.rfile.read(int(self.headers["content-length"])))
        self._answer(SENDS, call, {})

    def _answer(self, path: str, call: dict[str, Any], said: dict[str, Any]) -> None:
        assert self.path == path
        self.desk.counts[path] += 1
        self.desk.calls.append(path)
        fault = self.desk.fault(path, call["Destination"]["ToAddresses"][0] if call else "")
        if call and (fault is None or fault.takes or fault.status == 200):
            said = {"MessageId": self.desk.take(call, dict(self.headers.items()))}
        if fault is None:
            self._say(200, msgspec.json.encode(said))
        else:
            self._fail(fault, said)

    def _fail(self, fault: Fault, said: dict[str, Any]) -> None:
        time.sleep(fault.after)
        if fault.status is None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self.close_connection = True
            self.connection.close()
            return
        wrong = {"message": fault.message} if fault.status != 200 else said
        body = msgspec.json.encode(wrong) if fault.body is None else fault.body
        self._say(fault.status, body, fault.code, fault.cut)

    def _say(self, status: int, body: bytes, code: str = "", cut: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if code:
            self.send_header("x-amzn-ErrorType", f"{code}:http://internal.amazon.com/coral/com.amazonaws/")
        self.end_headers()
        self.wfile.write(body[:cut])
        if cut is not None:
            self.close_connection = True

    def handle_one_request(self) -> None:
        with contextlib.suppress(ConnectionError, ValueError):
            super().handle_one_request()
            return
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def serving(encrypted: ssl.SSLContext | None = None) -> Iterator[Desk]:
    desk = Desk()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Ours", (Talk,), {"desk": desk}))
    if encrypted:
        server.socket = encrypted.wrap_socket(server.socket, server_side=True)
    desk.url = f"http{'s' if encrypted else ''}://{'localhost' if encrypted else '127.0.0.1'}:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield desk
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def carries(app: Flask, url: str, **said: str) -> Iterator[None]:
    """The application with the one at this address for its provider."""
    before = app.extensions["config"]
    ses = Ses(region=REGION, endpoint_url=url, **said)
    app.extensions["config"] = dataclasses.replace(before, mail_provider="ses", ses=ses)
    aws._session.cache_clear()  # it has read another environment
    aws._clients.cache_clear()
    try:
        with mock.patch.dict(os.environ, ENVIRONMENT):
            yield
    finally:
        app.extensions["config"] = before
