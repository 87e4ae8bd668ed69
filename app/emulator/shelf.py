"""What may be asked for: one mail as it was taken, and the domains from which mails may come."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

SINCE = "2026-01-01T00:00:00.000Z"
LISTS = ("to", "cc", "bcc", "reply_to")


def written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def domains(names: Sequence[str]) -> dict[str, Any]:
    return {"object": "list", "has_more": False, "data": [_domain(name) for name in names]}


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


def _domain(name: str) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_DNS, name)),
        "name": name,
        "status": "verified",
        "created_at": SINCE,
        "region": "eu-west-1",
        "capabilities": {"sending": "enabled", "receiving": "disabled"},
    }


def _listed(written: str | list[str] | None) -> list[str]:
    return [written] if isinstance(written, str) else written or []
