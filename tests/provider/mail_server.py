"""A real mail server on loopback, in a thread of this process: it keeps what it takes, and answers as a test wants."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
import ssl
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_string, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask

from app.config import from_environment
from app.outgoing import MailServer

HANGS_UP = "hangs up"
USER, PASSWORD = "campus", "a secret"


@dataclass(frozen=True)
class Taken:
    sender: str
    to: str
    raw: bytes
    options: list[str]

    @property
    def mail(self) -> EmailMessage:
        found = message_from_string(self.raw.decode(), policy=policy.SMTPUTF8)
        assert isinstance(found, EmailMessage)
        return found


@dataclass
class Fault:
    """`step`: the question, BODY for the middle of a mail, END for after its last line."""

    step: str
    answer: str | float
    only: str
    times: int | None


@dataclass
class Desk:
    """What a test says to the server and asks of it."""

    port: int = 0
    mails: list[Taken] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    @property
    def got(self) -> Counter[str]:
        return Counter(one.to for one in self.mails)

    def says(self, step: str, answer: str | float, only: str = "", times: int | None = 1) -> None:
        """A number: so many seconds later, what it would say anyway."""
        self.faults.append(Fault(step, answer, only, times))

    async def answer(self, step: str, talk: SMTP, to: str = "") -> str | None:
        self.counts[step] += 1
        fault = next((one for one in self.faults if one.step == step and one.only in ("", to)), None)
        if fault is None:
            return None
        fault.times = None if fault.times is None else fault.times - 1
        if fault.times == 0:
            self.faults.remove(fault)
        return await self._do(fault.answer, talk)

    async def _do(self, answer: str | float, talk: SMTP) -> str | None:
        if isinstance(answer, float | int):
            await asyncio.sleep(answer)
            return None
        if answer == HANGS_UP:
            assert talk.transport
            talk.transport.abort()
            await asyncio.sleep(60)  # it is cancelled before
        if answer.startswith("421"):
            assert talk.loop
            talk.loop.call_later(0.05, lambda: talk.transport and talk.transport.close())
        return answer

    async def handle_MAIL(self, talk: SMTP, _: Session, envelope: Envelope, sender: str, options: list[str]) -> str:
        if said := await self.answer("MAIL", talk):
            return said
        envelope.mail_from, envelope.mail_options = sender, options
        return "250 OK"

    async def handle_RCPT(self, talk: SMTP, _: Session, envelope: Envelope, to: str, _options: list[str]) -> str:
        if said := await self.answer("RCPT", talk, to):
            return said
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, talk: SMTP, _: Session, envelope: Envelope) -> str:
        to = envelope.rcpt_tos[0]
        if said := await self.answer("DATA", talk, to):
            return said
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(Taken(envelope.mail_from or "", to, content, list(envelope.mail_options)))
        return await self.answer("END", talk, to) or "250 2.0.0 OK queued"

    async def handle_QUIT(self, _talk: SMTP, _session: Session, _: Envelope) -> str:
        self.counts["QUIT"] += 1
        return "221 Bye"


class Talk(SMTP):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._original_transport is None:
            self.event_handler.counts["talks"] += 1
        super().connection_made(transport)

    async def smtp_DATA(self, arg: str) -> None:
        assert self.envelope
        to = (self.envelope.rcpt_tos or [""])[0]
        if said := await self.event_handler.answer("BODY", self, to):
            await self.push(said)
        else:
            await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return Talk(self.handler, **self.SMTP_kwargs)


@contextlib.contextmanager
def serving(encrypted: ssl.SSLContext | None = None, **how: Any) -> Iterator[Desk]:
    """`encrypted`: from the first byte; `tls_context` among the others: by STARTTLS."""
    desk = Desk(_free_port())
    controller = _Controller(desk, "127.0.0.1", desk.port, ssl_context=encrypted, server_hostname="mail.test", **how)
    controller.start()
    desk.counts.clear()  # it has talked to itself
    try:
        yield desk
    finally:
        controller.stop()


def knows_the_password(*_: Any) -> AuthResult:
    data = _[-1]
    is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=False)


@contextlib.contextmanager
def carries(app: Flask, url: str) -> Iterator[MailServer]:
    """The application with the one at this address for its provider."""
    before = app.extensions["config"]
    env = {"DATABASE_URL": "postgresql://x/y", "REDIS_URL": "redis://x", "SECRET_KEY": "x" * 16, "SMTP_URL": url}
    server = from_environment(env).mail_server
    assert server
    app.extensions["config"] = dataclasses.replace(before, mail_provider="smtp", mail_server=server)
    try:
        yield server
    finally:
        app.extensions["config"] = before


@dataclass(frozen=True)
class Certificate:
    """Of a server named `localhost`, signed by itself."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def make_certificate(folder: Path, days: int = 1) -> Certificate:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begun = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    dated = begun.serial_number(1).not_valid_before(now - timedelta(days=2)).not_valid_after(now + timedelta(days=days))
    named = dated.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    trusted = named.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    plain, pem = serialization.NoEncryption(), serialization.Encoding.PEM
    made.certificate.write_bytes(trusted.sign(key, hashes.SHA256()).public_bytes(pem))
    made.key.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return made


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
