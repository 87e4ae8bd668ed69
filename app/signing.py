"""What only this installation can reckon: keyed hashes and tokens, each bound to its purpose."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

import msgspec
from flask import current_app

Shape = TypeVar("Shape")
SEAL = 16  # bytes: nobody guesses one of 2^128


def fingerprint(purpose: str, text: str) -> str:
    """The same for the same text, telling nothing of it to whoever lacks the key."""
    key = str(current_app.secret_key).encode()
    said = f"{purpose}\0{text}".encode("utf-8", "replace")
    return hmac.new(key, said, hashlib.sha256).hexdigest()


def token(purpose: str, said: object) -> str:
    """Never ends, for mail is opened years later; the first key signs."""
    body = msgspec.msgpack.encode(said)
    return _written(_seal(str(current_app.secret_key), purpose, body) + body)


def seal(purpose: str, said: str) -> str:
    """For what stands in the open beside it and nobody may change."""
    return _written(_seal(str(current_app.secret_key), purpose, said.encode("utf-8", "replace")))


def is_sealed(purpose: str, said: str, seal: str) -> bool:
    raw, body = _raw(seal), said.encode("utf-8", "replace")
    return raw is not None and any(hmac.compare_digest(raw, _seal(key, purpose, body)) for key in _keys())


def read(purpose: str, written: str, shape: type[Shape]) -> Shape | None:
    """None for whatever this installation did not sign for this purpose. Keys that were rotated out still verify."""
    raw = _raw(written)
    if raw is None or len(raw) <= SEAL:
        return None
    seal, body = raw[:SEAL], raw[SEAL:]
    # All are tried, so that the time tells nothing of which it was.
    fits = [hmac.compare_digest(seal, _seal(key, purpose, body)) for key in _keys()]
    if not any(fits):
        return None
    try:
        return msgspec.msgpack.decode(body, type=shape)
    except (msgspec.DecodeError, ValueError):
        return None


def _keys() -> Iterable[str]:
    return (str(current_app.secret_key), *map(str, current_app.config.get("SECRET_KEY_FALLBACKS") or ()))


def _seal(key: str, purpose: str, body: bytes) -> bytes:
    return hashlib.blake2b(body, key=_key(purpose, key), digest_size=SEAL).digest()


@lru_cache(64)
def _key(purpose: str, key: str) -> bytes:
    return hashlib.sha256(f"{purpose}\0{key}".encode()).digest()


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _raw(written: str) -> bytes | None:
    """Only as it was written: a second spelling of the same token would be another address of the same page."""
    if len(written) > 400 or not written.isascii():
        return None
    try:
        raw = base64.b64decode(written + "=" * (-len(written) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if _written(raw) == written else None
