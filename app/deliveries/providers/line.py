"""A line to the mail server: opened once, kept for the next mail, never used by another process than its own.

Whatever went wrong on it closes it, so that no answer is ever taken for that to another question.
"""

from __future__ import annotations

import os
import smtplib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cache
from typing import Any

from app.deliveries.providers.addresses import cleaned
from app.deliveries.providers.provider import Busy, Closed, Unknown
from app.outgoing import MailServer

# Seconds, each for a whole stretch of questions; all of them together fit into the time of a job.
OPENING, ASKING, TAKING, PARTING = 10.0, 8.0, 25.0, 1.0
KEPT = 15.0  # seconds of silence after which a server may have hung up
AWAY = timedelta(seconds=5)
LATER = timedelta(seconds=60)
CLOSING = 421


class Answer(Exception):
    """Another than the one that was hoped for, and which question it was to."""

    def __init__(self, step: str, code: int, said: bytes) -> None:
        super().__init__(step, code)
        self.step, self.code, self.said = step, code, said.decode("utf-8", "replace")

    def __str__(self) -> str:
        return f"The mail server said {self.code} {cleaned(self.said)}".rstrip()


class Lacking(Exception):
    """The server does not know the extension that this mail needs."""


class Line(smtplib.SMTP):
    def __init__(self, host: str, port: int, called: str, **how: Any) -> None:
        self.within(OPENING)
        super().__init__(host, port, called, timeout=OPENING, **how)
        self.command_encoding = "utf-8"
        assert self.sock is not None
        # The end of a mail goes at once, it does not wait until there is more of it.
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def within(self, seconds: float) -> None:
        self.ends = time.monotonic() + seconds

    def ask(self, command: str, hoped: int = 2) -> None:
        code, said = self.docmd(command)
        if not 200 <= code < 600:
            raise smtplib.SMTPServerDisconnected("Nobody knows what else it will say.")
        if code // 100 != hoped:
            raise Answer(command[:4], code, said)

    def hand_over(self, message: bytes) -> None:
        """Raises Unknown where the end was sent and no answer came; before that the server has not taken it."""
        self.within(TAKING)
        self.send(message.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        code, said = self._last_word()
        if code // 100 != 2:
            raise Answer("DATA", code, said)

    def _last_word(self) -> tuple[int, bytes]:
        try:
            code, said = self.getreply()
        except OSError as error:
            raise Unknown(f"The mail server's answer did not come ({type(error).__name__}).") from None
        if code // 100 not in (2, 4, 5):
            raise Unknown("The mail server's answer cannot be read.")
        return code, said

    def send(self, s: Any) -> None:
        self._hurry()
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        self._hurry()
        return super().getreply()

    def _hurry(self) -> None:
        if self.sock is not None:
            self.sock.settimeout(max(0.01, self.ends - time.monotonic()))


class LineInTls(Line, smtplib.SMTP_SSL):
    """Encrypted from its first byte."""


@contextmanager
def talk(server: MailServer, called: str, first: str, needs: str = "") -> Iterator[Line]:
    """A line on which the server has said yes to the first question. Raises Answer, Lacking, Busy, Closed."""
    line = _begun(server, called, first, needs)
    try:
        yield line
    except Answer:
        _forget(line, server)
        raise
    except BaseException:
        line.close()
        raise
    _keep(line, server)


def rest(server: MailServer) -> None:
    """Nothing to send for the moment: the server is told so."""
    kept = _kept(server, os.getpid())
    while kept:
        line, _ = kept.pop()
        line.within(PARTING)
        with suppress(OSError):
            line.quit()
        line.close()


def _begun(server: MailServer, called: str, first: str, needs: str) -> Line:
    """One that was kept may be dead by now, or has had as many mails as the server takes on it: then a new one."""
    while (line := _taken(server)) is not None:
        try:
            return _asked(line, first, needs)
        except smtplib.SMTPServerDisconnected:
            continue
        except Answer as answer:
            if answer.code != CLOSING:
                raise
    return _asked(_opened(server, called), first, needs)


def _asked(line: Line, first: str, needs: str) -> Line:
    try:
        if needs and not line.has_extn(needs):
            raise Lacking(needs)
        line.within(ASKING)
        line.ask(first)
    except BaseException:
        line.close()
        raise
    return line


def _opened(server: MailServer, called: str) -> Line:
    """Greeted, encrypted, signed in."""
    try:
        return _ready(_greeted(server, called), server)
    except OSError as error:
        raise _why_not(error) from None


def _why_not(error: OSError) -> Busy | Closed:
    """Its own errors are among those of the system, those of no answer and no trust, too."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _turned_away(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return Closed(f"The mail server's certificate is not to be trusted: {error.verify_message}.")
    if isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected):
        return Closed(f"The mail server does not do what SMTP_URL asks for: {error}")
    return Busy(f"The mail server could not be reached ({type(error).__name__}).", AWAY)


def _turned_away(error: smtplib.SMTPResponseException) -> Busy | Closed:
    said = error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode()
    answer = Answer("EHLO", error.smtp_code, said)
    if answer.code // 100 == 4:
        return Busy(str(answer), AWAY if answer.code == CLOSING else LATER)
    return Closed(str(answer))


def _greeted(server: MailServer, called: str) -> Line:
    if server.security == "tls":
        return LineInTls(server.host, server.port, called, context=_trust())
    return Line(server.host, server.port, called)


def _ready(line: Line, server: MailServer) -> Line:
    try:
        if server.security == "starttls":
            line.starttls(context=_trust())
        if server.user:
            line.login(server.user, server.password)
        line.ehlo_or_helo_if_needed()
    except BaseException:
        line.close()
        raise
    return line


@cache
def _trust() -> ssl.SSLContext:
    """In whom this machine trusts, and SSL_CERT_FILE where it is set."""
    return ssl.create_default_context()


@cache
def _kept(_server: MailServer, _process: int) -> list[tuple[Line, float]]:
    """By process, for a fork is born with the connections of its parent."""
    return []


def _taken(server: MailServer) -> Line | None:
    kept = _kept(server, os.getpid())
    while kept:
        line, since = kept.pop()
        if time.monotonic() - since < KEPT:
            return line
        line.close()
    return None


def _keep(line: Line, server: MailServer) -> None:
    _kept(server, os.getpid()).append((line, time.monotonic()))


def _forget(line: Line, server: MailServer) -> None:
    """What was said of the mail that the server did not take."""
    try:
        line.within(PARTING)
        line.ask("RSET")
    except (Answer, OSError):
        line.close()
    else:
        _keep(line, server)
