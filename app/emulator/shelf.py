"""What may be asked for: one mail as it was taken, and the domains from which mails may come."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

SINCE = "2026-01-01T00:00:00.000Z"
LISTS = ("to", "cc", "bcc", "reply_to")


def written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def page(kept: Sequence[Mapping[str, Any]], after: str, most: int) -> dict[str, Any]:
    """Those that come after the one of this id."""
    begins = next((place for place, one in enumerate(kept, 1) if one["id"] == after), 0)
    data = kept[begins : begins + most]
    return {"object": "list", "has_more": begins + most < len(kept), "data": data}


def whole(listed: Mapping[str, Any]) -> dict[str, Any]:
    """With the records that it asks for, each named without the domain."""
    said = {"ttl": "Auto", "status": listed["status"]}
    bounces = {"record": "SPF", "name": "send", "type": "MX", "value": "feedback-smtp.eu-west-1.amazonses.com"}
    spf = {"record": "SPF", "name": "send", "type": "TXT", "value": "v=spf1 include:amazonses.com ~all"}
    dkim = {"record": "DKIM", "name": "resend._domainkey", "type": "TXT", "value": f"p={_key(listed['name'])}"}
    return {"object": "domain", **listed, "records": [{**bounces, "priority": 10, **said}, spf | said, dkim | said]}


def email(mail: Mapping[str, Any], body: bytes, last_event: str) -> dict[str, Any]:
    """`body`: the mail as it was written, where such are kept; without it the texts are null."""
    said = msgspec.json.decode(body, type=dict[str, Any]) if body else {}
    tags = [{"name": name, "value": value} for name, value in msgspec.json.decode(mail["tags"]).items()]
    return {
        "object": "email",
        "id": mail["id"],
        "message_id": f"<{mail['id']}@resend.example>",
        "from": mail["sender"],
        "created_at": written(mail["at"]),
        "subject": mail["subject"],
        "html": said.get("html"),
        "text": said.get("text"),
        **{name: _listed(said.get(name)) for name in LISTS},
        "to": mail["recipient"].split(","),
        "last_event": last_event,
        "scheduled_at": None,
        "tags": tags,
    }


def domain(name: str, status: str) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, name)),
        "name": name,
        "status": status,
        "created_at": SINCE,
        "region": "eu-west-1",
        "capabilities": {"sending": "enabled", "receiving": "disabled"},
    }


def _key(name: str) -> str:
    """As long as one of 1,024 bits."""
    return base64.b64encode(hashlib.shake_256(name.encode()).digest(162)).decode()


def _listed(written: str | list[str] | None) -> list[str]:
    return [written] if isinstance(written, str) else written or []
