"""How a domain stands with a provider: what it says, and what has to be in the DNS so that its mail is trusted."""

from __future__ import annotations

from dataclasses import dataclass

from app.deliveries.finding import Finding, Record


@dataclass(frozen=True)
class Needs:
    """`spf_at`: the name under which bounces come back; `spf`: what to publish there where there is nothing.

    `include`: what must be in it, and `keys`, of DKIM: as far as they are known, a key perhaps by its name only.
    """

    spf_at: str
    include: str = ""
    spf: str = ""
    keys: tuple[Record, ...] = ()


@dataclass(frozen=True)
class Standing:
    """Without a finding it did not answer, and `unanswered` says why."""

    needs: Needs
    finding: Finding | None = None
    unanswered: str = ""
