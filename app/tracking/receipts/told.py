"""One receipt, read: which mail it means, what became of it, and when. Whatever a provider writes ends here.

The bodies are signed, but not ours: each part is taken only where it has the shape that we know.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from app.deliveries.providers.addresses import cleaned

LONGEST = 255
EARLIEST = timedelta(days=60)  # no provider tells of a mail for so long: the time is wrong
LARGEST_ID = 2**63


@dataclass(frozen=True, slots=True)
class Told:
    """`to`: the addresses that it names; they are compared and never kept."""

    provider: str
    provider_id: str
    kind: str  # of lattice.KINDS
    at: datetime
    delivery_id: int | None = None
    run_id: int | None = None
    notice_id: int | None = None
    to: tuple[str, ...] = ()
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def said(self) -> str:
        return str(self.detail.get("said", ""))

    @property
    def is_hard(self) -> bool:
        return bool(self.detail.get("is_hard"))


def ignored(provider: str, why: str, now: datetime, provider_id: str = "") -> Told:
    return Told(provider, provider_id, "ignored", now, detail={"said": why})


def decoded(body: bytes | str) -> Any:
    """None for whatever is no JSON."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def dig(found: Any, *path: str) -> Any:
    """What stands under these names, one below the other; None where one of them is no object."""
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def word(value: Any) -> str:
    return value.replace("\0", "")[:LONGEST] if isinstance(value, str) else ""


def words(value: Any) -> str:
    """Of a person or a server: without addresses."""
    return cleaned(value.replace("\0", "")) if isinstance(value, str) else ""


def number(value: Any) -> int | None:
    """Of ours, in a tag: a tag is text, and some write a list of one."""
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    if not (isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20):
        return None
    return int(value) if int(value) < LARGEST_ID else None


def moment(value: Any, now: datetime) -> datetime:
    """As it was told; when it was heard, where that cannot be."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else now
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return now
    return at if now - EARLIEST < at < now else now


def addresses(value: Any) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    return tuple(one.strip().lower() for one in listed[:50] if isinstance(one, str))


def tags(value: Any) -> dict[str, Any]:
    """An object by name, or a list of names and values."""
    if isinstance(value, list):
        return {word(dig(one, "name")): dig(one, "value") for one in value}
    return value if isinstance(value, dict) else {}
