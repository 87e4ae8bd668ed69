"""How a call is signed: Standard Webhooks. The secret is `whsec_` and base64; signed are id, time and body."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"
LENGTH = 32  # bytes


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(LENGTH)).decode()


def headers(message_id: str, body: bytes, signed_with: Sequence[str], now: datetime) -> dict[str, str]:
    """One signature for each secret, so that a receiver may change over whenever it likes."""
    timestamp = str(int(now.timestamp()))
    said = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_signature(secret, said)}" for secret in signed_with),
    }


def _signature(secret: str, said: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.digest(key, said, hashlib.sha256)).decode()
