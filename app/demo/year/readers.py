"""Who gets the mail: what they did so far, what they do not want any more, and with what they read.

Of many people a few thousand stand for all: as much mail as it takes to look at, and no more.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from sqlalchemy import text

from app.consent.consent import OWN
from app.db import db
from app.demo.chance import dice
from app.demo.plan import Plan

MOST = 3_000
APPLE, PROXY, SCANNER, PLAIN = "apple", "proxy", "scanner", "plain"
AT_WORK = {"studio-nord.example", "atelier.example", "bakery-lindt.example", "students.campus.example"}

ONES = "SELECT generate_series(1, :customers, :apart) AS id"
PEOPLE = f"""
    SELECT c.id, c.email, c.email_folded, c.first_name, coalesce(c.timezone, 'Europe/Berlin') AS zone,
           extract(epoch FROM c.created_date)::bigint AS signed_up
      FROM ({ONES}) one JOIN customers c ON c.id = one.id ORDER BY c.id
"""
SEEN = f"""
    SELECT e.customer_id, array_agg(extract(epoch FROM e.occurred_at)::bigint ORDER BY e.occurred_at) AS moments
      FROM ({ONES}) one JOIN events e ON e.customer_id = one.id GROUP BY e.customer_id
"""
MOVES = f"""
    SELECT f.customer_id, f.funnel_type, f.to_stage, extract(epoch FROM f.created_date)::bigint AS at, f.id
      FROM ({ONES}) one JOIN funnel_events f ON f.customer_id = one.id ORDER BY f.created_date, f.id
"""
REFUSED = """
    SELECT k.customer_id, k.email_folded, t.slug, k.source, extract(epoch FROM k.at)::bigint AS at
      FROM consents k JOIN topics t ON t.id = k.topic_id WHERE NOT k.is_given
"""
SUPPRESSED = """
    SELECT email_folded, extract(epoch FROM least(bounced_at, complained_at, listed_at))::bigint AS at FROM suppressions
"""


@dataclass(slots=True)
class Reader:
    """`keen`: how much more than the average they read; `program`: with what, and who reads along."""

    id: int
    email: str | None
    folded: str
    first: str
    zone: str
    signed_up: int
    keen: float
    program: str
    seen: list[int] = field(default_factory=list)
    moves: list[tuple[int, str, str, int]] = field(default_factory=list)  # at, funnel, to, id

    @property
    def provider(self) -> str:
        return self.folded.rpartition("@")[2]

    def stage(self, funnel: str, at: int) -> str | None:
        return next((to for moment, of, to, _ in reversed(self.moves) if of == funnel and moment < at), None)

    def was_there(self, since: int, until: int) -> bool:
        return bisect_left(self.seen, since) < bisect_right(self.seen, until)


@dataclass
class Wishes:
    """Since when somebody gets no more mail about a topic, or an address none at all."""

    refused: dict[tuple[int | str, str], int] = field(default_factory=dict)
    suppressed: dict[str, int] = field(default_factory=dict)

    def refuse(self, who: int | str, topic: str, at: int) -> None:
        self.refused[who, topic] = min(at, self.refused.get((who, topic), at))

    def suppress(self, folded: str, at: int) -> None:
        self.suppressed[folded] = min(at, self.suppressed.get(folded, at))

    def refusal(self, reader: Reader, topic: str | None, at: int) -> str | None:
        """As `permission` has it; `topic` None: transactional."""
        if not reader.folded:
            return "no_address"
        if self.suppressed.get(reader.folded, at) < at:
            return "suppressed"
        asked = ("marketing", topic) if topic else ()
        said = ((who, one) for who in (reader.id, reader.folded) for one in asked if one)
        return "unsubscribed" if any(self.refused.get(key, at) < at for key in said) else None


def apart(plan: Plan) -> int:
    """Every how manieth person gets mail."""
    return -(-plan.customers // MOST)


def said(plan: Plan) -> dict[str, int]:
    return {"customers": plan.customers, "apart": apart(plan)}


def gather(plan: Plan) -> dict[int, Reader]:
    luck = dice(plan.seed, "readers")
    found = {row.id: _reader(row, luck) for row in db.session.execute(text(PEOPLE), said(plan))}
    for row in db.session.execute(text(SEEN), said(plan)):
        found[row.customer_id].seen = row.moments
    for row in db.session.execute(text(MOVES), said(plan)):
        found[row.customer_id].moves.append((row.at, row.funnel_type, row.to_stage, row.id))
    return found


def wishes() -> Wishes:
    known = Wishes()
    for row in db.session.execute(text(REFUSED)):
        known.refuse(row.customer_id, row.slug, row.at)
        if row.source in OWN and row.email_folded:
            known.refuse(row.email_folded, row.slug, row.at)
    for row in db.session.execute(text(SUPPRESSED)):
        known.suppress(row.email_folded, row.at)
    return known


def _reader(row: Any, luck: Random) -> Reader:
    """A few read nearly everything, many little, some nothing."""
    keen = 0.02 if luck.random() < 0.15 else 0.25 + 1.9 * luck.random() ** 1.4
    own = (row.id, row.email, row.email_folded, row.first_name, row.zone, row.signed_up)
    return Reader(*own, keen, _program(row.email_folded.rpartition("@")[2], luck.random()))


def _program(provider: str, throw: float) -> str:
    if provider in AT_WORK:
        return SCANNER if throw < 0.3 else PLAIN
    if provider == "icloud.example":
        return APPLE if throw < 0.9 else PLAIN
    if provider == "webmail.example":
        return PROXY if throw < 0.8 else PLAIN
    return APPLE if throw < 0.3 else PLAIN


def time(moment: int) -> datetime:
    return datetime.fromtimestamp(moment, UTC)
