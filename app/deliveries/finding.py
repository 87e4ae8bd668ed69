"""What was found out about one thing that a sender's domain needs, in words, and what to publish if it is missing."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

KINDS = {"provider": "Provider", "spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC"}
SHOWN = 500  # characters of a record that somebody else wrote

# nothing: there is nothing to look up, or no way to; unanswered: there is, and nobody has said.
State = Literal["good", "pending", "missing", "wrong", "refused", "unanswered", "nothing"]
AS_IT_SHOULD_BE = ("good", "nothing")
WORST_FIRST: tuple[State, ...] = ("refused", "wrong", "missing", "pending", "unanswered")


class Unanswered(Exception):
    """Nobody said anything: the sentence says who. What was known before is as true as it was."""


class Record(msgspec.Struct, frozen=True):
    """Of the DNS: the whole name, without the dot at its end."""

    name: str
    value: str
    type: str = "TXT"


class Finding(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`unanswered`: why the latest look-up said nothing; what stands beside it is then of `answered_at`."""

    state: State
    said: str
    found: list[str] = []
    publish: list[Record] = []
    answered_at: datetime | None = None
    unanswered: str = ""

    @property
    def is_settled(self) -> bool:
        return self.state in AS_IT_SHOULD_BE and not self.unanswered


def shown(record: str) -> str:
    """Fit for a page and for jsonb, which takes no NUL."""
    line = "".join(one if one.isprintable() else "�" for one in record)
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"


def kept(before: Finding, why: str) -> Finding:
    if before.answered_at is None:
        return Finding(state="unanswered", said=why)
    return msgspec.structs.replace(before, unanswered=why)
