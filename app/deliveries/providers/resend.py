"""Resend: a hundred mails a call; the same call again under the same key is still one.

What it answers is classed by its status first and by the name of the error second. A doubt is never taken for a no:
only an answer that can be read, and that adds up, says what became of the mails.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from urllib.parse import urlsplit

import msgspec
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, Timeout, connection_from_url
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

from app import running
from app.deliveries import pace
from app.deliveries.providers.addresses import cleaned, in_ascii
from app.deliveries.providers.provider import Busy, Closed, Disputed, Mail, Outcome, Rejected, Unknown

name = "resend"
is_idempotent = True
batch_size = 100

TIMEOUT = Timeout(connect=5, read=30)
AWAY = timedelta(seconds=5)  # it could not be reached at all
STILL_RUNNING = timedelta(seconds=1)  # it has not finished with the same call
A_MOMENT = timedelta(seconds=1)  # too many calls, and it did not say for how long
LONGEST = 60  # seconds; asked to wait longer, we look again meanwhile
OUR_FAULT = (400, 413, 415, 422)
OF_ALL = ("invalid_from_address", "invalid_idempotency_key")  # no mail is better than the others: one sender, one key
FOR_A_PERSON = (301, 302, 303, 307, 308, 401, 402, 403, 404, 405, 410, 451)  # the key, the account or the address

Refusal = Busy | Closed | Rejected | Unknown


class _Tag(msgspec.Struct):
    name: str
    value: str


class _Email(msgspec.Struct, omit_defaults=True, kw_only=True):
    sender: str = msgspec.field(name="from")
    to: list[str]
    subject: str
    html: str = ""
    text: str = ""
    reply_to: str = ""
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    tags: list[_Tag] = msgspec.field(default_factory=list)


class _Accepted(msgspec.Struct):
    id: str


class _Refused(msgspec.Struct):
    index: int
    message: str = ""


class _Answer(msgspec.Struct):
    data: list[_Accepted]
    errors: list[_Refused] | None = None


class _Error(msgspec.Struct):
    name: str | None = None
    message: str | None = None


def pack(mails: Sequence[Mail]) -> bytes:
    """A mail a line, so that they can be counted without being read: inside JSON a line break is always escaped."""
    return b"[" + b",\n".join(msgspec.json.encode(_email(mail)) for mail in mails) + b"]"


def post(packed: bytes, key: str, /) -> list[Outcome]:
    answer = _called(packed, key)
    pace.heard(name, answer.headers)
    if 200 <= answer.status < 300:
        return _outcomes(answer.data, packed.count(b"\n") + 1)
    raise _refusal(answer)


def _email(mail: Mail) -> _Email:
    return _Email(
        sender=mail.sender,
        to=[in_ascii(mail.to)],
        subject=mail.subject,
        html=mail.html,
        text=mail.text,
        reply_to=mail.reply_to,
        headers=dict(mail.headers),
        tags=[_Tag(tag, value) for tag, value in mail.tags.items()],
    )


def _called(packed: bytes, key: str) -> BaseHTTPResponse:
    config = running.config()
    headers = {
        "Authorization": f"Bearer {config.resend_api_key}",
        "Content-Type": "application/json",
        "Idempotency-Key": key,
        "User-Agent": f"campus/{config.release}",  # without one they refuse the call
        "x-batch-validation": "permissive",
    }
    pool, path = _pool(config.resend_api_url, os.getpid()), urlsplit(config.resend_api_url).path
    try:
        return pool.urlopen("POST", f"{path}/emails/batch", packed, headers, retries=False, redirect=False)
    except HTTPError as error:
        if _was_never_sent(error):
            raise Busy(f"Resend could not be reached ({type(error).__name__}).", AWAY) from None
        raise Unknown(f"Resend's answer did not come ({type(error).__name__}).") from None


@cache
def _pool(url: str, _process: int) -> HTTPConnectionPool:
    """Its connections stay open, and are nobody else's: a forked process makes its own."""
    return connection_from_url(url, maxsize=8, timeout=TIMEOUT)


def _was_never_sent(error: HTTPError) -> bool:
    is_untrusted = isinstance(error, SSLError) and isinstance(error.args[0], ssl.SSLCertVerificationError)
    return is_untrusted or isinstance(error, NewConnectionError | ConnectTimeoutError)


def _outcomes(body: bytes, count: int) -> list[Outcome]:
    """Theirs name the accepted ones in order and the refused ones by place. Raises Unknown unless all are named."""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unknown("Resend's answer cannot be read.") from None
    refused = {error.index: cleaned(error.message) or "Resend refused it." for error in answer.errors or ()}
    accepted = [one.id for one in answer.data]
    is_whole = len(accepted) + len(answer.errors or ()) == count and set(refused) <= set(range(count))
    if not (is_whole and all(accepted) and len(set(accepted)) + len(refused) == count):
        raise Unknown(f"Resend's answer does not name each of the {count} mails once.")
    ids = iter(accepted)
    return [Outcome(refused=refused[place]) if place in refused else Outcome(id=next(ids)) for place in range(count)]


def _refusal(answer: BaseHTTPResponse) -> Refusal:
    status, error = answer.status, _error(answer.data)
    said = f"Resend said {status} {error.name or ''}".rstrip() + f": {cleaned(error.message or answer.reason or '')}"
    if status == 429:
        return _too_many(error.name, said, answer.headers)
    if status == 409:
        return _same_key(error.name, said)
    if status in FOR_A_PERSON:
        return Closed(said)
    if status in OUR_FAULT and error.name:  # without a name it was somebody between us and them
        return Rejected(said, is_of_all=error.name in OF_ALL or status == 415)
    return Unknown(said)


def _too_many(named: str | None, said: str, headers: Mapping[str, str]) -> Refusal:
    if named == "daily_quota_exceeded":
        return Closed(said, _midnight(headers))
    if named == "monthly_quota_exceeded":
        return Closed(said)
    return Busy(said, _wait(headers))


def _same_key(named: str | None, said: str) -> Refusal:
    if named == "concurrent_idempotent_requests":
        return Busy(said, STILL_RUNNING)
    # Another body came under our key: perhaps these mails in other words, and under a new key they would come twice.
    return Disputed(said) if named == "invalid_idempotent_request" else Unknown(said)


def _midnight(headers: Mapping[str, str]) -> datetime:
    """The next one by their clock: were ours ahead of it, a quota met just before midnight would cost a day."""
    try:
        now = parsedate_to_datetime(headers.get("date", "")).astimezone(UTC)
    except ValueError:
        now = datetime.now(UTC)
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _wait(headers: Mapping[str, str]) -> timedelta:
    for said in ("retry-after", "ratelimit-reset"):
        written = headers.get(said, "")
        if written.isascii() and written.isdecimal():
            return max(A_MOMENT / 10, timedelta(seconds=min(int(written[:9]), LONGEST)))
    return A_MOMENT


def _error(body: bytes) -> _Error:
    try:
        return msgspec.json.decode(body, type=_Error)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Error()
