"""What Resend says later of a mail, signed as Svix does, and said again where it is not taken."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from app.emulator.retries import Retries
from app.emulator.shelf import written

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


@dataclass(frozen=True)
class Receiver:
    """`scale`: of the pauses before it is told again what it did not take."""

    url: str
    secret: str
    scale: float
    retries: Retries


def send(to: Receiver, wanted: Wanted, mails: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One after another; what the receiver answered to each at the first try, 0 where it did not."""
    known = None if wanted.ids is None else set(wanted.ids)
    chosen = [mail for mail in mails if known is None or mail["id"] in known]
    return [one for mail in chosen for one in _send(to, wanted, mail)]


def signed(secret: str, body: bytes, message_id: str, timestamp: int) -> dict[str, str]:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    said = f"{message_id}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, said, hashlib.sha256)).decode()
    return {"svix-id": message_id, "svix-timestamp": str(timestamp), "svix-signature": f"v1,{signature}"}


def _send(to: Receiver, wanted: Wanted, mail: Mapping[str, Any]) -> list[dict[str, Any]]:
    body, message_id = _event(wanted, mail), f"msg_{uuid.uuid4().hex}"
    statuses = [_posted(to, body, message_id) for _ in range(wanted.copies)]
    for _ in (status for status in statuses if not _is_taken(status)):
        to.retries.add(lambda: _is_taken(_posted(to, body, message_id)), to.scale)
    return [{"id": mail["id"], "status": status} for status in statuses]


def _posted(to: Receiver, body: bytes, message_id: str) -> int:
    """Signed at each try: the receiver refuses what is old."""
    headers = {"content-type": "application/json", **signed(to.secret, body, message_id, int(time.time()))}
    try:
        return _pool.request("POST", to.url, body=body, headers=headers, retries=False, timeout=10).status
    except HTTPError:
        return 0


def _is_taken(status: int) -> bool:
    return 200 <= status < 300


def _event(wanted: Wanted, mail: Mapping[str, Any]) -> bytes:
    data = {
        "email_id": mail["id"],
        "created_at": written(mail["at"]),
        "from": mail["sender"],
        "to": mail["recipient"].split(","),
        "subject": mail["subject"],
        "tags": msgspec.json.decode(mail["tags"]),
    }
    if wanted.type == "bounced":
        data["bounce"] = {"type": wanted.bounce, "subType": "General", "message": "The mailbox said no."}
    event = {"type": f"email.{wanted.type}", "created_at": written(time.time()), "data": data}
    return msgspec.json.encode(event)
