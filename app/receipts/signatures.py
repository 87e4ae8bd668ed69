"""Signatures of webhooks (Standard Webhooks; Svix writes the same under other names), checked over bytes.

Whatever a stranger sends ends in Refused, never in another error: headers first, the body only if they can be true.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

TOLERANCE = 300  # seconds, to both sides: an old call cannot be played again, a clock may be wrong
LONGEST_ID = 255
LONGEST_HEADER = 2048  # of signatures, more than twenty of them
DIGEST = 32


class Refused(Exception):
    """Says what is wrong with the headers, never what would be right."""


@dataclass(frozen=True, slots=True)
class Signed:
    id: str
    timestamp: str
    signatures: Sequence[bytes]

    def check(self, body: bytes, secrets: Sequence[bytes]) -> None:
        if not self.is_of(body, secrets):
            raise Refused("The signature does not belong to this id, time and body.")

    def is_of(self, body: bytes, secrets: Sequence[bytes]) -> bool:
        """Signed with any of these. Each is compared with each, in the same time whatever they hold."""
        said = f"{self.id}.{self.timestamp}.".encode() + body
        right = [hmac.digest(secret, said, hashlib.sha256) for secret in secrets]
        return sum(hmac.compare_digest(one, given) for one in right for given in self.signatures) > 0


class Headers(Protocol):
    def get(self, key: str, default: str, /) -> str: ...


def read(headers: Headers, now: datetime, prefix: str = "webhook-") -> Signed:
    """Before the body is read. Raises Refused."""
    return Signed(
        _id(headers.get(f"{prefix}id", "")),
        _timestamp(headers.get(f"{prefix}timestamp", ""), now),
        _signatures(headers.get(f"{prefix}signature", "")),
    )


def _id(written: str) -> str:
    if not (0 < len(written) <= LONGEST_ID and written.isascii() and written.isprintable()):
        raise Refused("The id is missing or malformed.")
    return written


def _timestamp(written: str, now: datetime) -> str:
    if not (0 < len(written) <= 12 and written.isascii() and written.isdigit()):
        raise Refused("The timestamp is missing or malformed.")
    if abs(now.timestamp() - int(written)) > TOLERANCE:
        raise Refused(f"The timestamp is more than {TOLERANCE // 60} minutes away.")
    return written


def _signatures(written: str) -> Sequence[bytes]:
    """Those of the version that we know; others stand beside them while a sender changes over."""
    if len(written) > LONGEST_HEADER:
        raise Refused("The signature is malformed.")
    given = [_digest(one.removeprefix("v1,")) for one in written.split(" ") if one.startswith("v1,")]
    known = [digest for digest in given if digest]
    if not known:
        raise Refused("The signature is missing or malformed.")
    return known


def _digest(written: str) -> bytes | None:
    try:
        digest = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest if len(digest) == DIGEST else None
