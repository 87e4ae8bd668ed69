"""Calls as a sender signs them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

SECRET = "whsec_" + base64.b64encode(b"the funnel's own secret!").decode()


def signature(secret: str, id: str, at: int | str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    said = f"{id}.{at}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, said, hashlib.sha256)).decode()


def headers(body: bytes, id: str = "msg_1", at: int | None = None, secret: str = SECRET) -> dict[str, str]:
    at = int(datetime.now(UTC).timestamp()) if at is None else at
    return {"webhook-id": id, "webhook-timestamp": str(at), "webhook-signature": signature(secret, id, at, body)}


def written(said: Any) -> bytes:
    return said if isinstance(said, bytes) else json.dumps(said).encode()
