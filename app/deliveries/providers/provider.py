"""What every provider is handed, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Mail:
    """`key` names this mail for ever: handed over again under it, it is not sent again by a provider that can tell."""

    key: str
    to: str
    sender: str
    subject: str
    html: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """Accepted under this id; or refused, and why."""

    id: str = ""
    refused: str = ""


class Provider(Protocol):
    name: str
    is_idempotent: bool
    batch_size: int

    def post(self, mails: Sequence[Mail]) -> list[Outcome]: ...
