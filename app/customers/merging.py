"""Two customers are one person: the survivor keeps its values, and its gaps are filled from the other.

This room's part. Other rooms move what is theirs between `begin`, which locks the pair, and `finish`, after which the
other is gone; its id and its lead id lead to the survivor from then on. The verb for all of it is ops/merging.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, text

from app.audit import Actor, record
from app.customers import upsert
from app.customers.alias import CustomerAlias
from app.customers.customer import Customer
from app.customers.incoming import COLUMNS
from app.db import db

PREFIX = "attributes."
MOST_ALIKE = 10


class CannotMerge(ValueError):
    """These two cannot be merged; the sentence says why."""


@dataclass(frozen=True)
class Pair:
    survivor: Customer
    other: Customer

    @property
    def stamp(self) -> str:
        """What somebody saw who decided about them."""
        return f"{self.survivor.updated_date.isoformat()} {self.other.updated_date.isoformat()}"


@dataclass(frozen=True)
class Line:
    """One field of the two; `name` is that of a column, or attributes.NAME."""

    name: str
    kept: Any
    other: Any

    @property
    def is_choice(self) -> bool:
        return self.kept is not None and self.other is not None and self.kept != self.other

    @property
    def is_filled(self) -> bool:
        return self.kept is None and self.other is not None


# {column} of the survivor (s), unless it is empty or the other's (l) was chosen.
WINNER = "CASE WHEN l.{0} IS NOT NULL AND (s.{0} IS NULL OR '{0}' = ANY (:takes)) THEN l.{0} ELSE s.{0} END"
ATTRIBUTES = f"""
    l.attributes || s.attributes
      || coalesce((SELECT jsonb_object_agg(key, value) FROM jsonb_each(l.attributes)
                    WHERE '{PREFIX}' || key = ANY (:takes)), '{{}}')
"""
BOTH = ", ".join(f"('{name}', to_jsonb(s.{name}), to_jsonb({WINNER.format(name)}))" for name in COLUMNS)
HISTORY = text(
    f"""
    INSERT INTO attribute_changes (customer_id, name, is_column, old, new, source, at)
    SELECT s.id, change.name, change.is_column, change.old, change.new, :source, :now
      FROM customers s, customers l,
           LATERAL (SELECT v.name, true AS is_column, v.old, v.new
                      FROM (VALUES {BOTH}) AS v(name, old, new)
                    UNION ALL
                    SELECT said.key, false, s.attributes -> said.key, said.value
                      FROM jsonb_each({ATTRIBUTES}) said) change
     WHERE s.id = :survivor AND l.id = :other AND change.old IS DISTINCT FROM change.new
     ORDER BY change.is_column DESC, change.name
    RETURNING name, is_column, old, new
    """
)
# The history of the other follows, and no longer belongs to an import: its undo would set what the survivor never had.
MOVE_HISTORY = text("UPDATE attribute_changes SET customer_id = :survivor, import_id = NULL WHERE customer_id = :other")
MOVE_ALIASES = text("UPDATE customer_aliases SET customer_id = :survivor WHERE customer_id = :other")
# The other is deleted as its row is read: the survivor may take its lead id in the same breath.
ABSORB = text(
    f"""
    WITH l AS (DELETE FROM customers WHERE id = :other RETURNING *)
    UPDATE customers s
       SET {", ".join(f"{name} = {WINNER.format(name)}" for name in COLUMNS)}, attributes = {ATTRIBUTES},
           updated_date = :now
      FROM l WHERE s.id = :survivor
    """
)


def pair(survivor_id: int, other_id: int) -> Pair:
    """To be looked at; raises CannotMerge."""
    return _pair(survivor_id, other_id, is_locked=False)


def begin(survivor_id: int, other_id: int) -> Pair:
    """Locked until the commit: no two merges touch the same person at once, and nobody writes them meanwhile."""
    upsert.lock()
    return _pair(survivor_id, other_id, is_locked=True)


def lines(pair: Pair) -> list[Line]:
    mine, others = pair.survivor, pair.other
    columns = [Line(name, getattr(mine, name), getattr(others, name)) for name in COLUMNS]
    names = sorted({*mine.attributes, *others.attributes})
    held = [Line(PREFIX + name, mine.attributes.get(name), others.attributes.get(name)) for name in names]
    return [line for line in [*columns, *held] if line.kept is not None or line.other is not None]


def look_alikes(customer: Customer) -> Sequence[Customer]:
    """Others with the same address or the same name."""
    ways = [(Customer.email_folded, customer.email_folded), (Customer.sort_name, customer.sort_name)]
    alike = [column == value for column, value in ways if value.strip()]
    if not alike:
        return []
    others = select(Customer).where(or_(*alike), Customer.id != customer.id, Customer.erased_at.is_(None))
    return db.session.scalars(others.order_by(Customer.id).limit(MOST_ALIKE)).all()


def finish(pair: Pair, takes: Collection[str], by: Actor, now: datetime) -> Customer:
    """`takes` names the lines in which the other's value wins. Whatever refers to the other has moved by now."""
    other_id, left = pair.other.id, _record_of(pair.other)
    leads = {pair.survivor.lms_lead_id, pair.other.lms_lead_id}
    said = {"survivor": pair.survivor.id, "other": other_id, "takes": list(takes), "now": now}
    changes = db.session.execute(HISTORY, said | {"source": f"merged from customer {other_id}"}).all()
    for statement in (MOVE_HISTORY, MOVE_ALIASES, ABSORB):
        db.session.execute(statement, said)
    db.session.expunge(pair.other)
    db.session.refresh(pair.survivor)
    _leave_alias(other_id, leads - {pair.survivor.lms_lead_id, None}, pair.survivor)
    _record(pair.survivor, left, changes, by)
    return pair.survivor


def _pair(survivor_id: int, other_id: int, is_locked: bool) -> Pair:
    if survivor_id == other_id:
        raise CannotMerge("These are one and the same customer.")
    wanted = select(Customer).where(Customer.id.in_([survivor_id, other_id])).order_by(Customer.id)
    if is_locked:
        wanted = wanted.with_for_update()
    found = {one.id: one for one in db.session.scalars(wanted.execution_options(populate_existing=True))}
    for customer_id in (survivor_id, other_id):
        _check(customer_id, found.get(customer_id))
    return Pair(found[survivor_id], found[other_id])


def _check(customer_id: int, customer: Customer | None) -> None:
    if customer is not None and customer.erased_at is None:
        return
    if customer is not None:
        raise CannotMerge(f"Customer {customer_id} was erased: nothing is left to merge.")
    into = db.session.scalar(select(CustomerAlias.customer_id).where(CustomerAlias.merged_id == customer_id))
    if into is not None:
        raise CannotMerge(f"Customer {customer_id} is part of customer {into} already.")
    raise CannotMerge(f"There is no customer {customer_id}.")


def _leave_alias(merged_id: int, leads: Iterable[str | None], survivor: Customer) -> None:
    lead = next(iter(leads), None)
    db.session.add(CustomerAlias(merged_id=merged_id, lms_lead_id=lead, customer_id=survivor.id))
    db.session.flush()


def _record_of(customer: Customer) -> dict[str, Any]:
    columns = {name: getattr(customer, name) for name in COLUMNS if name != "created_date"}
    told = {"id": customer.id, **columns, "created_date": customer.created_date.isoformat()}
    return {name: value for name, value in told.items() if value is not None} | {"attributes": customer.attributes}


def _record(survivor: Customer, left: dict[str, Any], changes: Iterable[Any], by: Actor) -> None:
    names = [(row.name if row.is_column else PREFIX + row.name, row.old, row.new) for row in changes]
    before = {name: old for name, old, _ in names} | {f"customer {left['id']}": left}
    after = {name: new for name, _, new in names} | {f"customer {left['id']}": f"merged into customer {survivor.id}"}
    record(by, "merged", "customer", (survivor.id, survivor.name), before, after)
