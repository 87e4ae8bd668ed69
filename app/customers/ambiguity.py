"""Addresses that named somebody and fit several customers: they wait for a person's decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.audit import Actor, record
from app.customers.ambiguous_item import AmbiguousItem
from app.customers.customer import Customer
from app.db import db
from app.listing import Listing

MOST_CANDIDATES = 20
CAP = 1_000
CANDIDATES = text(
    """
    SELECT fitting.id
      FROM unnest(CAST(:emails AS text[])) AS named(email)
     CROSS JOIN LATERAL (SELECT id FROM customers WHERE email_folded = named.email AND erased_at IS NULL
                          ORDER BY id LIMIT :most) fitting
    """
)


def note(email_folded: str, source: str) -> None:
    note_many([email_folded], source)


def note_many(emails: Iterable[str], source: str) -> None:
    """Each time counts, also several times in one set; in order, so that two sets do not wait in a circle."""
    rows = [{"email_folded": email, "count": n, "source": source} for email, n in sorted(Counter(emails).items())]
    if not rows:
        return
    new = insert(AmbiguousItem).values(rows)
    noted = new.on_conflict_do_update(
        index_elements=[AmbiguousItem.email_folded],
        index_where=text("settled_at IS NULL"),
        set_={"count": AmbiguousItem.count + new.excluded.count, "last_at": func.now(), "source": new.excluded.source},
    )
    db.session.execute(noted)


def listing() -> Listing:
    sorts = {"last": (AmbiguousItem.last_at, AmbiguousItem.id)}
    return Listing(sorts, "-last", _search)


def unsettled() -> Select[AmbiguousItem]:
    """An address that fits one person by now needs nobody: a recurring job settles it (ops/joining.py)."""
    return select(AmbiguousItem).where(AmbiguousItem.settled_at.is_(None), _fits() > 1)


def count() -> int:
    """Up to a thousand: more than enough for one person."""
    return db.session.scalar(select(func.count()).select_from(unsettled().limit(CAP).subquery())) or 0


def get(item_id: int) -> AmbiguousItem | None:
    return db.session.get(AmbiguousItem, item_id) if item_id < 2**63 else None


def claim(item_id: int) -> AmbiguousItem | None:
    """For a decision: whoever else decides about it waits, and then finds it settled."""
    wanted = select(AmbiguousItem).where(AmbiguousItem.id == item_id, AmbiguousItem.settled_at.is_(None))
    return db.session.scalar(wanted.with_for_update()) if item_id < 2**63 else None


def candidates(email_folded: str) -> Sequence[Customer]:
    fitting = select(Customer).where(Customer.email_folded == email_folded, Customer.erased_at.is_(None))
    return db.session.scalars(fitting.order_by(Customer.id).limit(MOST_CANDIDATES)).all()


def candidate_names(emails: Collection[str]) -> dict[str, list[str]]:
    ids = db.session.scalars(CANDIDATES, {"emails": list(emails), "most": MOST_CANDIDATES}).all()
    names: dict[str, list[str]] = {email: [] for email in emails}
    for customer in db.session.scalars(select(Customer).where(Customer.id.in_(ids)).order_by(Customer.id)):
        names[customer.email_folded].append(customer.name)
    return names


def settle(item: AmbiguousItem, how: str, by: Actor, now: datetime) -> None:
    item.settled_at, item.settled_how = now, how
    record(by, "settled", "ambiguous address", (item.id, item.email_folded), after={"how": how, "named": item.count})


def settle_cleared(emails: Collection[str] | None, how: str, now: datetime) -> Sequence[str]:
    """Those (or all) that fit one person or nobody by now, and says which these are."""
    is_meant = AmbiguousItem.email_folded.in_(emails) if emails is not None else literal(True)
    cleared = (
        update(AmbiguousItem)
        .where(AmbiguousItem.settled_at.is_(None), is_meant, _fits() < 2)
        .values(settled_at=now, settled_how=how)
        .returning(AmbiguousItem.email_folded)
    )
    return db.session.scalars(cleared.execution_options(synchronize_session=False)).all()


def owners(emails: Collection[str]) -> Sequence[int]:
    """Customers who alone have one of these addresses."""
    alone = (
        select(func.min(Customer.id))
        .where(Customer.email_folded.in_(emails), Customer.erased_at.is_(None))
        .group_by(Customer.email_folded)
        .having(func.count() == 1)
    )
    return db.session.scalars(alone).all()


def _fits() -> ColumnElement[int]:
    """Two are enough to know."""
    fitting = (
        select(literal(1))
        .where(Customer.email_folded == AmbiguousItem.email_folded, Customer.erased_at.is_(None))
        .correlate(AmbiguousItem)
        .limit(2)
        .subquery()
    )
    return select(func.count()).select_from(fitting).scalar_subquery()


def _search(q: str) -> ColumnElement[bool]:
    return AmbiguousItem.email_folded.contains(q.strip().lower(), autoescape=True)
