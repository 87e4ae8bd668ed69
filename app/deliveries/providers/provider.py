"""What every provider is handed, and what it answers.

The mails of a batch are packed once into the exact bytes of a call; these go out, and go out again under the same key
while nobody knows whether they arrived.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

TRUSTED = timedelta(hours=23)  # how long a provider that can tell remembers a key, with an hour to spare
NOT_KNOWN = "The provider's answer did not come; it may have been sent."


@dataclass(frozen=True)
class Mail:
    """`key` names this mail for ever: handed over again under it, it is not sent again by a provider that can tell."""

    key: str
    to: str
    sender: str
    subject: str
    html: str
    text: str
    reply_to: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """Accepted under this id; or refused, and why."""

    id: str = ""
    refused: str = ""


class Unknown(Exception):
    """Nobody knows whether it has them: a time-out, a cut answer, an error of the provider's own."""


class Busy(Exception):
    """It took none of them now, and says when to come again.

    `lasts`: it says so of this mail, and said for so long it is a no. None: of whatever it is handed.
    """

    def __init__(self, said: str, wait: timedelta, lasts: timedelta | None = None) -> None:
        super().__init__(said)
        self.wait, self.lasts = wait, lasts

    def is_no_after(self, tried: timedelta) -> bool:
        return self.lasts is not None and tried > self.lasts


class Closed(Exception):
    """It takes nothing from this account: until a time where it says one, else until a person has seen to it."""

    wait = timedelta(seconds=5)  # and then whoever comes looks first whether it has been opened

    def __init__(self, said: str, opens_at: datetime | None = None) -> None:
        super().__init__(said)
        self.opens_at = opens_at


class Disputed(Unknown):
    """It knows the key of this call with other bytes, and will: whether these were taken, asking again never tells."""


class Rejected(Exception):
    """It will never take this call as it is; it took none of its mails.

    `is_of_all`: what is wrong is the same in each of them; else one of them may spoil it for the others.
    """

    def __init__(self, said: str, is_of_all: bool = False) -> None:
        super().__init__(said)
        self.is_of_all = is_of_all


class Provider(Protocol):
    """`post` answers one outcome for each mail, in their order, or raises one of the five above."""

    name: str
    is_idempotent: bool
    batch_size: int

    def pack(self, mails: Sequence[Mail]) -> bytes: ...

    def post(self, packed: bytes, key: str, /) -> list[Outcome]: ...
