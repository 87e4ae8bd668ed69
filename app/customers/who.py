"""How other systems name a person, and who that is.

A customer's id or a lead id names one person, also after a merge. An address may fit several: then nobody is meant
until a person has decided. A lead id that is new here means the only customer of that address who has none yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from app.db import db

# Whom each row of `named` (id, lead, email) means. Several of an address: two are enough to know.
FOUND = """
    SELECT named.*,
           coalesce(own.id, merged.customer_id, lead.id, alias.customer_id,
                    CASE WHEN address.fits = 1 THEN address.id END) AS person,
           coalesce(address.fits > 1, false)                        AS is_ambiguous
      FROM named
      LEFT JOIN customers own           ON own.id = named.id AND own.erased_at IS NULL
      LEFT JOIN customer_aliases merged ON merged.merged_id = named.id AND own.id IS NULL
      LEFT JOIN customers lead          ON named.id IS NULL AND lead.lms_lead_id = named.lead AND lead.erased_at IS NULL
      LEFT JOIN customer_aliases alias  ON named.id IS NULL AND alias.lms_lead_id = named.lead
      LEFT JOIN LATERAL (SELECT count(*) AS fits, min(id) AS id
                           FROM (SELECT c.id FROM customers c
                                  WHERE c.email_folded = named.email AND c.erased_at IS NULL
                                    AND (named.lead IS NULL OR c.lms_lead_id IS NULL)
                                  LIMIT 2) fitting) address
             ON named.id IS NULL AND named.email IS NOT NULL AND lead.id IS NULL AND alias.id IS NULL
"""
FIND = text(
    f"""
    WITH named AS (
      SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:leads AS text[]), CAST(:emails AS text[]))
        WITH ORDINALITY AS named(id, lead, email, place)
    )
    SELECT person, is_ambiguous FROM ({FOUND}) found ORDER BY place
    """
)


@dataclass(frozen=True, slots=True)
class Who:
    """What an item says. `email` is folded already (lower case), `anonymous_id` is a session of the shop."""

    customer_id: int | None = None
    lms_lead_id: str | None = None
    email: str | None = None
    anonymous_id: str | None = None

    @property
    def is_named(self) -> bool:
        return bool(self.customer_id or self.lms_lead_id or self.email)


@dataclass(frozen=True, slots=True)
class Found:
    id: int | None
    is_ambiguous: bool = False


NOBODY = Found(None)


def folded(email: str) -> str:
    return email.strip().lower()


def find_many(named: Sequence[Who]) -> list[Found]:
    """In the order in which they were named."""
    if not any(who.is_named for who in named):
        return [NOBODY] * len(named)
    rows = db.session.execute(
        FIND,
        {
            "ids": [who.customer_id for who in named],
            "leads": [who.lms_lead_id for who in named],
            "emails": [who.email for who in named],
        },
    )
    return [Found(row.person, row.is_ambiguous) for row in rows]
