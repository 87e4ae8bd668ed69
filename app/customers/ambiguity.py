"""Addresses that named somebody and fit several customers: they wait for a person's decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert

from app.customers.ambiguous_item import AmbiguousItem
from app.db import db


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
