"""What Resend says later of a mail, signed as Svix does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

TYPES = ("sent", "delivered", "delivery_delayed", "bounced", "complained", "opened", "clicked", "failed")
_pool = PoolManager(maxsize=8)


class Wanted(msgspec.Struct, kw_only=True):
    """`ids` none: of every mail. `copies`: at least once is not once."""

    type: str
    ids: list[str] | None = None
    copies: int = 1
    bounce: str = "Permanent"  # or Transient, Undetermined

    def __post_init__(self) -> None:
        if self.type not in TYPES:
            raise ValueError(f"type must be one of {', '.join(TYPES)}")


def send(url: str, secret: str, wanted: Wanted, mails: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One after another; what the receiver answered to each, 0 where it did not."""
    known = None if wanted.ids is None else set(wanted.ids)
    chosen = [mail for mail in mails if known is None or mail["id"] in known]
    return [one for mail in chosen for one in _send(url, secret, wanted, mail)]


def signed(secret: str, body: bytes, message_id: str, timestamp: int) -> dict[str, str]:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    said = f"{message_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, said, hashlib.sha256)).decode()
    return {"svix-id": message_id, "svix-timestamp": str(timestamp), "svix-signature": f"v1,{signature}"}


def _send(url: str, secret: str, wanted: Wanted, mail: Mapping[str, Any]) -> list[dict[str, Any]]:
    body, message_id = _event(wanted, mail), f"msg_{uuid.uuid4().hex}"
    headers = {"content-type": "application/json", **signed(secret, body, message_id, int(time.time()))}
    return [{"id": mail["id"], "status": _posted(url, body, headers)} for _ in range(wanted.copies)]


def _posted(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    try:
        return _pool.request("POST", url, body=body, headers=headers, retries=False, timeout=10).status
    except HTTPError:
        return 0


def _event(wanted: Wanted, mail: Mapping[str, Any]) -> bytes:
    data = {
        "email_id": mail["id"],
        "created_at": _written(mail["at"]),
        "from": mail["sender"],
        "to": mail["recipient"].split(","),
        "subject": mail["subject"],
        "tags": msgspec.json.decode(mail["tags"]),
    }
    if wanted.type == "bounced":
        data["bounce"] = {"type": wanted.bounce, "subType": "General", "message": "The mailbox said no."}
    event = {"type": f"email.{wanted.type}", "created_at": _written(time.time()), "data": data}
    return msgspec.json.encode(event)


def _written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
