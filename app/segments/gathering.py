"""An audience laid out as a table of its own until the transaction ends: counted, sampled, paged and compared there.

A page of people asks for it several times; computing it once and reading it back takes a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Select, column, select, table, text

from app.consent import permission
from app.customers import directory
from app.customers.customer import Customer
from app.db import db
from app.segments.audience import SECONDS, Audience, hurried

SAMPLE = 10


@dataclass(frozen=True)
class Gathered:
    """A temporary table of customer_id; `count` is exact."""

    name: str
    count: int

    def people(self) -> Select[Customer]:
        return directory.everyone().where(Customer.id.in_(self.ids))

    @property
    def ids(self) -> Select[int]:
        return select(table(self.name, column("customer_id", BigInteger)).c.customer_id)


def gather(audience: Audience, name: str = "gathered", seconds: float = SECONDS) -> Gathered:
    """Raises Unavailable after so many seconds. Never commits; whoever does loses the table."""
    with hurried(seconds):
        db.session.execute(text(f"DROP TABLE IF EXISTS pg_temp.{name}"))
        made = text(f"CREATE TEMP TABLE {name} ON COMMIT DROP AS\n{audience.sql}")
        db.session.execute(made, audience.said)
        db.session.execute(text(f"ANALYZE {name}"))
    return Gathered(name, db.session.scalar(text(f"SELECT count(*) FROM {name}")) or 0)


def streamed(audience: Audience) -> Select[Customer]:
    """For a connection of its own, which sees no temporary table of ours: computed there once more."""
    ids = text(audience.sql).bindparams(**audience.said).columns(column("customer_id", BigInteger))
    return directory.everyone().where(Customer.id.in_(select(ids.subquery().c.customer_id)))


def sample(gathered: Gathered, most: int = SAMPLE) -> list[Customer]:
    """A few of them, at random."""
    drawn = text(f"SELECT customer_id FROM {gathered.name} ORDER BY random() LIMIT :most")
    return named(db.session.scalars(drawn, {"most": most}).all())


def named(ids: Sequence[int]) -> list[Customer]:
    people = directory.named(ids)
    return [people[one] for one in ids if one in people]


@dataclass(frozen=True)
class Reach:
    """Of those in a segment: who has an address that may be used, and who may get marketing mail."""

    by_mail: int
    marketing: int


def reach(gathered: Gathered, now: object) -> Reach:
    """By the one permission predicate."""
    among = f"c.id IN (SELECT customer_id FROM {gathered.name})"
    judgement = permission.judged("promotional", None, now, among)  # type: ignore[arg-type]
    db.session.execute(text("SET LOCAL parallel_tuple_cost = 0"))
    rows = db.session.execute(
        text(f"SELECT refusal, count(*) AS people FROM ({judgement.sql}) judged GROUP BY refusal"), judgement.said
    )
    found = {row.refusal: row.people for row in rows}
    return Reach(found.get(None, 0) + found.get("unsubscribed", 0), found.get(None, 0))


@dataclass(frozen=True)
class Difference:
    """What another definition changes: who joins, who leaves, ten of each."""

    joining: int
    leaving: int
    joiners: list[Customer]
    leavers: list[Customer]


def difference(before: Gathered, after: Gathered) -> Difference:
    joiners, joining = _only_in(after, before)
    leavers, leaving = _only_in(before, after)
    return Difference(joining, leaving, joiners, leavers)


def _only_in(one: Gathered, other: Gathered) -> tuple[list[Customer], int]:
    missing = f"""
        SELECT o.customer_id FROM {one.name} o
         WHERE NOT EXISTS (SELECT FROM {other.name} t WHERE t.customer_id = o.customer_id)"""
    count = db.session.scalar(text(f"SELECT count(*) FROM ({missing}) missing")) or 0
    ids = db.session.scalars(text(f"{missing} LIMIT {SAMPLE}")).all() if count else []
    return named(ids), count
