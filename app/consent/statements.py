"""Statements come in by sets: each is kept as a proof, and moves where the person stands.

The order in which they come never matters. A withdrawal of the person's own is lifted only by a later own word;
apart from that the latest one counts, and of two of the same moment the withdrawal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text

from app.consent.standing import AddressStanding, CustomerStanding
from app.db import db

PEOPLE, ADDRESSES = CustomerStanding.__tablename__, AddressStanding.__tablename__


@dataclass(frozen=True, slots=True)
class Statement:
    customer_id: int
    topic_id: int
    is_given: bool
    source: str
    way: str
    at: datetime
    shown: str = ""
    reason: str = ""
    caller_hash: str | None = None  # hexadecimal
    import_id: int | None = None
    receipt_id: int | None = None


@dataclass(frozen=True)
class Heard:
    """What became of them: new proofs, and people whom somebody else wanted to subscribe and who stay out."""

    stated: int = 0
    held: int = 0
    customers: Sequence[int] = ()  # of whom there is a new proof


ROW = (
    "customer_id bigint, topic_id bigint, is_given boolean, source text, way text, shown text, reason text,"
    " at timestamptz, caller_hash text, import_id bigint, receipt_id bigint"
)
FROM_JSON = f"SELECT * FROM jsonb_to_recordset(CAST(:statements AS jsonb)) AS said({ROW})"

LATEST = """
      SELECT {who}, topic_id,
             max(at) FILTER (WHERE is_own)                                                AS own_at,
             (array_agg(is_given ORDER BY at DESC, is_given) FILTER (WHERE is_own))[1]    AS own_given,
             max(at)                                                                      AS any_at,
             (array_agg(is_given ORDER BY at DESC, is_given))[1]                          AS any_given
        FROM {statements} GROUP BY {who}, topic_id
"""
# Of what stands and what comes the later; of the same moment the withdrawal. So two of these may come in any order.
MOVED = """
      ON CONFLICT ({who}, topic_id) DO UPDATE SET
        own_at    = greatest(held.own_at, excluded.own_at),
        own_given = CASE WHEN held.own_at IS NULL OR excluded.own_at > held.own_at THEN excluded.own_given
                         WHEN excluded.own_at IS NULL OR excluded.own_at < held.own_at THEN held.own_given
                         ELSE held.own_given AND excluded.own_given END,
        any_at    = greatest(held.any_at, excluded.any_at),
        any_given = CASE WHEN excluded.any_at > held.any_at THEN excluded.any_given
                         WHEN excluded.any_at < held.any_at THEN held.any_given
                         ELSE held.any_given AND excluded.any_given END
"""


def moving(table: str, who: str, statements: str) -> str:
    """Lays the latest of these statements over where people stand; in order, so that two at once never cross."""
    return f"""
      INSERT INTO {table} AS held ({who}, topic_id, own_at, own_given, any_at, any_given)
      {LATEST.format(who=who, statements=statements)} ORDER BY {who}, topic_id
      {MOVED.format(who=who)}
    """


HEAR = f"""
    WITH said AS MATERIALIZED ({{said}}),
    known AS MATERIALIZED (
      SELECT DISTINCT ON (s.customer_id, s.topic_id, s.at, s.source, s.is_given)
             s.*, c.email_folded, s.source IN ('page', 'form') AS is_own
        FROM said s
        JOIN customers c ON c.id = s.customer_id AND c.erased_at IS NULL
       WHERE NOT EXISTS (SELECT FROM consents k
                          WHERE k.customer_id = s.customer_id AND k.at = s.at AND k.topic_id = s.topic_id
                            AND k.source = s.source AND k.is_given = s.is_given)
    ),
    proofs AS (
      INSERT INTO consents (customer_id, topic_id, is_given, source, way, shown, reason, at, email_folded,
                            caller_hash, import_id, receipt_id)
      SELECT customer_id, topic_id, is_given, source, way, coalesce(shown, ''), coalesce(reason, ''), at, email_folded,
             decode(caller_hash, 'hex'), import_id, receipt_id
        FROM known ORDER BY customer_id, topic_id, at
    ),
    own AS (SELECT * FROM known WHERE is_own AND email_folded <> ''),
    people AS ({moving(PEOPLE, "customer_id", "known")}
      RETURNING customer_id, topic_id, own_given),
    addresses AS ({moving(ADDRESSES, "email_folded", "own")})
    SELECT (SELECT count(*) FROM known) AS stated,
           (SELECT count(DISTINCT s.customer_id)
              FROM said s
              LEFT JOIN people p ON p.customer_id = s.customer_id AND p.topic_id = s.topic_id
              LEFT JOIN customer_standings h ON h.customer_id = s.customer_id AND h.topic_id = s.topic_id
              LEFT JOIN customers c ON c.id = s.customer_id
              LEFT JOIN address_standings a ON a.email_folded = c.email_folded AND a.topic_id = s.topic_id
             WHERE s.is_given AND s.source NOT IN ('page', 'form')
               AND (coalesce(p.own_given, h.own_given) IS FALSE OR a.is_given IS FALSE)) AS held,
           ARRAY(SELECT DISTINCT customer_id FROM known) AS customers
"""


def hear(statements: Sequence[Statement]) -> Heard:
    """Never commits. The same statement again is no second proof."""
    if not statements:
        return Heard()
    return hear_all(FROM_JSON, {"statements": msgspec.json.encode([asdict(one) for one in statements]).decode()})


def hear_all(said: str, values: dict[str, Any]) -> Heard:
    """Those of a query with the columns of ROW: a file says as much as a million at once."""
    return Heard(*db.session.execute(text(HEAR.format(said=said)), values).one())


# What stands is a sum; without some of its parts it is reckoned anew from the proofs that are left.
CLEAR = "DELETE FROM customer_standings WHERE customer_id = ANY (:customers)"
AGAIN = moving(
    PEOPLE,
    "customer_id",
    "(SELECT *, source IN ('page', 'form') AS is_own FROM consents WHERE customer_id = ANY (:customers)) proofs",
)


def reckon(customer_ids: Sequence[int]) -> None:
    """From the proofs alone, as after an undo or a merge."""
    for statement in (CLEAR, AGAIN):
        db.session.execute(text(statement), {"customers": list(customer_ids)})
