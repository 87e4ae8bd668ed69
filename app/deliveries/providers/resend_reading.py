"""What may be asked of Resend without changing anything there: an answer that can be read, or why there is none."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec
from urllib3 import HTTPConnectionPool, Timeout, connection_from_url
from urllib3.exceptions import HTTPError

from app import running
from app.deliveries import pace
from app.deliveries.finding import Unanswered
from app.deliveries.providers.addresses import cleaned

Shape = TypeVar("Shape")

name = "resend"
TIMEOUT = Timeout(connect=3, read=6)
LARGEST = 1_000_000  # bytes of an answer
RESTRICTED = "This API key may only send, so Resend does not say. Its own pages do, or a key with full access."


class _Error(msgspec.Struct):
    name: str | None = None
    message: str | None = None


class Withheld(Exception):
    """Not from this key: whatever it was told before was another's to know."""


class Missing(Unanswered):
    """It knows nothing under this address."""


def connected() -> HTTPConnectionPool:
    """To be closed by whoever asked for it."""
    return connection_from_url(running.config().resend_api_url, timeout=TIMEOUT, retries=False)


def asked(pool: HTTPConnectionPool, path: str, shape: type[Shape], patience: timedelta = pace.URGENT) -> Shape:
    """Raises NotYet, Unanswered or Withheld."""
    pace.take(name, patience)
    status, body = _called(pool, path)
    try:
        if status == 200:
            return msgspec.json.decode(body, type=shape)
        error = msgspec.json.decode(body, type=_Error)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unanswered(f"Resend's answer ({status}) cannot be read.") from None
    raise _refusal(status, error)


def _called(pool: HTTPConnectionPool, path: str) -> tuple[int, bytes]:
    config = running.config()
    headers = {"Authorization": f"Bearer {config.resend_api_key}", "User-Agent": f"campus/{config.release}"}
    url = f"{urlsplit(config.resend_api_url).path}{path}"
    try:
        answer = pool.urlopen("GET", url, headers=headers, redirect=False, preload_content=False)
        body = answer.read(LARGEST + 1)
    except HTTPError as error:
        raise Unanswered(f"Resend did not answer ({type(error).__name__}).") from None
    pace.heard(name, answer.headers)
    if len(body) > LARGEST:
        raise Unanswered("Resend's answer is too long to be read.")
    return answer.status, body


def _refusal(status: int, error: _Error) -> Exception:
    if error.name == "restricted_api_key":
        return Withheld(RESTRICTED)
    said = f"Resend said {status} {error.name or ''}".rstrip() + f": {cleaned(error.message or '')}"
    if status == 404:
        return Missing(said)
    return Withheld(said) if status in (401, 403) else Unanswered(said)
