"""Looks at products, written in sets: each once, with how long it lasted, and whose it turns out to be.

Whoever reads views asks for those of the last 90 days only: older weeks are dropped whenever somebody comes to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from app.catalogue import weeks
from app.catalogue.visit_stream import Stayed, Viewed
from app.db import db

LONGEST_STAY = 24 * 3600  # seconds: a page that stays open for days is looked at by nobody
JOINING = timedelta(days=30)  # what a session did earlier is nobody's for good
TOLD: dict[str, str] = {
    "id": "uuid",
    "viewed_at": "timestamptz",
    "customer_id": "bigint",
    "lms_lead_id": "text",
    "session_id": "text",
    "product_id": "text",
    "name": "text",
    "price": "bigint",
    "category": "text",
    "referrer": "text",
    "device_type": "text",
}

KEEP = f"""
    INSERT INTO product_views ({", ".join(TOLD)})
    SELECT * FROM unnest({", ".join(f"CAST(%({name})b AS {kind}[])" for name, kind in TOLD.items())})
    ON CONFLICT DO NOTHING
"""
# Of the views that may be meant the latest: a customer's, else what waits under their lead, else their session's.
# The clocks of two web servers may differ by a second.
OF_VISITOR = (
    "v.product_id = s.product_id AND v.viewed_at BETWEEN s.at - interval '1 day' AND s.at + interval '1 second'"
)
STAY = text(
    f"""
    WITH stays AS MATERIALIZED (
      SELECT * FROM unnest(CAST(:places AS int[]), CAST(:ats AS timestamptz[]), CAST(:customers AS bigint[]),
                           CAST(:leads AS text[]), CAST(:sessions AS text[]), CAST(:products AS text[]),
                           CAST(:seconds AS int[]), CAST(:views AS uuid[]))
        AS stay(place, at, customer_id, lead, session_id, product_id, seconds, view_id)
    ),
    meant AS MATERIALIZED (
      SELECT s.place, s.seconds, found.viewed_at, found.id
        FROM stays s
        CROSS JOIN LATERAL (
          SELECT v.viewed_at, v.id FROM product_views v
           WHERE v.customer_id = s.customer_id AND {OF_VISITOR} AND (s.view_id IS NULL OR v.id = s.view_id)
          UNION ALL
          SELECT v.viewed_at, v.id FROM product_views v
           WHERE v.customer_id IS NULL AND v.lms_lead_id = s.lead AND {OF_VISITOR}
             AND (s.view_id IS NULL OR v.id = s.view_id)
          UNION ALL
          SELECT v.viewed_at, v.id FROM product_views v
           WHERE v.customer_id IS NULL AND v.session_id = s.session_id AND {OF_VISITOR}
             AND (s.view_id IS NULL OR v.id = s.view_id)
           ORDER BY viewed_at DESC
           LIMIT 1
        ) found
    ),
    lasted AS (SELECT viewed_at, id, max(seconds) AS seconds FROM meant GROUP BY viewed_at, id),
    written AS (
      UPDATE product_views v SET seconds = greatest(v.seconds, lasted.seconds)
        FROM lasted
       WHERE v.viewed_at = lasted.viewed_at AND v.id = lasted.id AND v.viewed_at BETWEEN :first AND :last
    )
    SELECT place FROM meant
    """
)
LEADS = """
    SELECT lms_lead_id AS lead, id AS customer_id FROM customers
     WHERE id = ANY (:customers) AND erased_at IS NULL AND lms_lead_id IS NOT NULL
    UNION
    SELECT lms_lead_id, customer_id FROM customer_aliases
     WHERE customer_id = ANY (:customers) AND lms_lead_id IS NOT NULL
"""
WAITS = text(
    "SELECT EXISTS (SELECT FROM product_views"
    " WHERE customer_id IS NULL AND lms_lead_id IS NOT NULL AND viewed_at > :since)"
)
OF_LEADS = text(
    f"""
    WITH person AS MATERIALIZED ({LEADS}),
    given AS (
      UPDATE product_views v SET customer_id = person.customer_id, lms_lead_id = NULL
        FROM person
       WHERE v.customer_id IS NULL AND v.lms_lead_id = person.lead AND v.viewed_at > :since
      RETURNING v.session_id, v.customer_id, v.viewed_at
    )
    SELECT session_id, customer_id, max(viewed_at) AS at FROM given GROUP BY session_id, customer_id
    """
)
OF_SESSIONS = text(
    """
    UPDATE product_views v SET customer_id = person.customer_id
      FROM unnest(CAST(:sessions AS text[]), CAST(:customers AS bigint[])) AS person(session_id, customer_id)
     WHERE v.customer_id IS NULL AND v.lms_lead_id IS NULL AND v.session_id = person.session_id AND v.viewed_at > :since
    """
)
MISSED = text(
    """
    WITH lately AS MATERIALIZED (
      SELECT DISTINCT lms_lead_id FROM product_views
       WHERE customer_id IS NULL AND lms_lead_id IS NOT NULL AND viewed_at > :since
    )
    SELECT c.id FROM lately w JOIN customers c ON c.lms_lead_id = w.lms_lead_id AND c.erased_at IS NULL
    UNION
    SELECT a.customer_id FROM lately w JOIN customer_aliases a ON a.lms_lead_id = w.lms_lead_id
    """
)


@dataclass(frozen=True, slots=True)
class Given:
    """A session in which somebody named themselves before they were known here."""

    session_id: str
    customer_id: int
    at: datetime


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def keep(views: Sequence[tuple[Viewed, int | None]]) -> None:
    """Each with its customer, if there is one by now. Never commits."""
    if not views:
        return
    weeks.ensure_for(moment(view.at) for view, _ in views)
    rows = [_row(view, customer) for view, customer in views]
    db.session.connection().exec_driver_sql(KEEP, {name: _column(rows, name) for name in TOLD})


def stay(stays: Sequence[tuple[Stayed, int | None]]) -> list[Stayed]:
    """The greater wins. Those whose view is not there (yet) come back. Never commits."""
    if not stays:
        return []
    ats = [moment(one.at) for one, _ in stays]
    said: dict[str, Any] = {
        "places": list(range(len(stays))),
        "ats": ats,
        "customers": [customer for _, customer in stays],
        "leads": [one.lead for one, _ in stays],
        "sessions": [one.session_id for one, _ in stays],
        "products": [one.product_id for one, _ in stays],
        "seconds": [min(one.seconds, LONGEST_STAY) for one, _ in stays],
        "views": [one.view_id for one, _ in stays],
        "first": min(ats) - timedelta(days=1),
        "last": max(ats) + timedelta(seconds=1),
    }
    met = set(db.session.scalars(STAY, said))
    return [one for place, (one, _) in enumerate(stays) if place not in met]


def join(customer_ids: Sequence[int], now: datetime) -> list[Given]:
    """What waits under the leads of these people becomes theirs; the sessions in which they were named come back."""
    said = {"customers": list(customer_ids), "since": now - weeks.KEPT}
    found = db.session.execute(OF_LEADS, said) if db.session.scalar(WAITS, said) else ()
    return [Given(*row) for row in found if row.session_id]


def give(owners: Mapping[str, int], now: datetime) -> int:
    """What nobody has claimed of these sessions becomes theirs, as far back as is kept for that."""
    said = {"sessions": list(owners), "customers": list(owners.values()), "since": now - JOINING}
    return int(db.session.execute(OF_SESSIONS, said).rowcount)  # type: ignore[attr-defined]


def missed(since: datetime) -> Sequence[int]:
    """Customers who came in the same moment as a view that named them."""
    return db.session.scalars(MISSED, {"since": since}).all()


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any] | None:
    """A column that nobody filled is no column: unnest fills it up with nothing."""
    column = [row[name] for row in rows]
    return None if column.count(None) == len(column) else column


def _row(view: Viewed, customer_id: int | None) -> dict[str, Any]:
    told = {name: getattr(view, name) for name in ("id", "session_id", "product_id", "name", "price", "category")}
    said = {"referrer": view.referrer, "device_type": view.device_type, "viewed_at": moment(view.at)}
    return {**told, **said, "customer_id": customer_id, "lms_lead_id": None if customer_id else view.lead}
