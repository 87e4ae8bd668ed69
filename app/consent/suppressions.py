"""Addresses that get nothing: put on by receipts, by hand or by a list; taken off by an admin, with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import delete, func, select, text

from app.audit import Actor, record
from app.consent import forgotten
from app.consent.suppression import REASONS, Suppression
from app.db import db
from app.settings.addresses import is_address
from app.tally import Reject, Tally

LONGEST_NOTE = 500
LONGEST_REASON = 200
ALSO_CALLED = {"bounce": "hard_bounce", "bounced": "hard_bounce", "complained": "complaint", "spam": "complaint"}


# Of an erased person who came back: what is lifted must not come back with the next change of their record.
LIFTED = text(
    "UPDATE forgotten_addresses SET bounced_at = NULL, complained_at = NULL, listed_at = NULL"
    " WHERE address_hash = :hash"
)


# Of an erased person: their hash bears the reason, so that it binds whoever comes back with this address.
REMEMBER = (
    "UPDATE forgotten_addresses SET {column} = least({column}, CAST(:at AS timestamptz)) WHERE address_hash = :hash"
)


class MayNotBeLifted(ValueError):
    """The sentence says why the address stays suppressed."""


@dataclass(frozen=True, slots=True)
class Incoming:
    index: int
    email: str
    reason: str  # of REASONS
    at: datetime
    note: str = ""


# The earliest moment of each reason stays: it says since when nothing should have been sent.
PUT = text(
    """
    WITH said AS (
      SELECT min(place) AS place, email, min(at) FILTER (WHERE reason = 'hard_bounce') AS bounced_at,
             min(at) FILTER (WHERE reason = 'complaint') AS complained_at,
             min(at) FILTER (WHERE reason = 'manual') AS listed_at, max(note) AS note
        FROM jsonb_to_recordset(CAST(:items AS jsonb))
          AS said(place int, email text, reason text, at timestamptz, note text)
       GROUP BY email
    )
    INSERT INTO suppressions AS held (email_folded, bounced_at, complained_at, listed_at, source, note)
    SELECT email, bounced_at, complained_at, listed_at, :source, note FROM said ORDER BY email
    ON CONFLICT (email_folded) DO UPDATE
       SET bounced_at    = least(held.bounced_at, excluded.bounced_at),
           complained_at = least(held.complained_at, excluded.complained_at),
           listed_at     = least(held.listed_at, excluded.listed_at),
           source        = excluded.source,
           note          = CASE WHEN excluded.note <> '' THEN excluded.note ELSE held.note END,
           updated_date  = now()
     WHERE (held.bounced_at, held.complained_at, held.listed_at) IS DISTINCT FROM
           (least(held.bounced_at, excluded.bounced_at), least(held.complained_at, excluded.complained_at),
            least(held.listed_at, excluded.listed_at))
    RETURNING email_folded, xmax = 0 AS is_new
    """
)


def put_many(items: Sequence[Incoming], source: str) -> Tally:
    """As if they came one at a time; the same again changes nothing. Never commits."""
    tally = Tally(received=len(items))
    good, rejects = _checked(items)
    said = [
        {"place": one.index, "email": folded(one.email), "reason": one.reason, "at": one.at, "note": one.note}
        for one in good
    ]
    done = (
        db.session.execute(PUT, {"items": msgspec.json.encode(said).decode(), "source": source}).all() if said else []
    )
    tally.created = sum(row.is_new for row in done)
    tally.updated = len(done) - tally.created
    tally.unchanged = len(good) - len(done)
    tally.refuse(rejects)
    return tally


def remember_forgotten(email: str, reason: str, at: datetime) -> None:
    """Of an address that stands here as a hash only; of any other it does nothing."""
    remember = text(REMEMBER.format(column=REASONS[reason]))
    db.session.execute(remember, {"hash": forgotten.hashed(folded(email)), "at": at})


def problems(email: str, note: str) -> dict[str, str]:
    found = {}
    if not is_address(folded(email)):
        found["email"] = "This is no e-mail address."
    if len(note) > LONGEST_NOTE:
        found["note"] = f"At most {LONGEST_NOTE} characters."
    return found


def add(email: str, note: str, now: datetime, by: Actor) -> Suppression | None:
    """By hand; None for an address that somebody listed before."""
    if put_many([Incoming(0, email, "manual", now, note)], by.name).unchanged:
        return None
    added = of_address(email)
    assert added is not None
    record(by, "added", "suppression", (added.id, added.email_folded), None, {"note": note})
    return added


def understood(reason: str | None) -> tuple[str, str]:
    """What others call it: (of REASONS, a note). Whatever we have no word for is kept as they wrote it."""
    plain = (reason or "manual").strip().lower().replace(" ", "_").replace("-", "_")
    plain = ALSO_CALLED.get(plain, plain)
    return (plain, "") if plain in REASONS else ("manual", (reason or "").strip())


def folded(email: str) -> str:
    return email.strip().lower()


def find(suppression_id: int) -> Suppression | None:
    return db.session.get(Suppression, suppression_id) if suppression_id < 2**63 else None


def of_address(email: str) -> Suppression | None:
    return db.session.scalar(select(Suppression).where(Suppression.email_folded == folded(email)))


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(Suppression)) or 0


def lift(suppression: Suppression, reason: str, by: Actor) -> None:
    """An admin's act. Whoever complained must have asked for mail again themselves since."""
    if not reason.strip():
        raise MayNotBeLifted("Say why this address may get mail again; the audit trail keeps it.")
    if suppression.complained_at and not _came_back(suppression):
        raise MayNotBeLifted("Somebody complained from this address. Only they can lift that: by subscribing again.")
    before = {name: at.isoformat() for name, at in suppression.reasons.items()}
    said = (suppression.id, suppression.email_folded)
    record(by, "lifted", "suppression", said, before, {"reason": reason.strip()[:LONGEST_NOTE]})
    db.session.execute(delete(Suppression).where(Suppression.id == suppression.id))
    db.session.execute(LIFTED, {"hash": forgotten.hashed(suppression.email_folded)})


def _came_back(suppression: Suppression) -> bool:
    """An own word for this address after the complaint."""
    later = text(
        "SELECT EXISTS (SELECT FROM address_standings WHERE email_folded = :email AND own_given AND own_at > :since)"
    )
    return bool(db.session.scalar(later, {"email": suppression.email_folded, "since": suppression.complained_at}))


def _checked(items: Sequence[Incoming]) -> tuple[list[Incoming], list[Reject]]:
    good, rejects = [], []
    for one in items:
        if not is_address(folded(one.email)):
            rejects.append(Reject(one.index, "bad_value", "email", "This is no e-mail address."))
        elif one.reason not in REASONS:
            said = f"A reason is one of {', '.join(REASONS)}."
            rejects.append(Reject(one.index, "bad_value", "reason", said))
        else:
            good.append(one)
    return good, rejects


def is_suppressed(email: str) -> bool:
    return of_address(email) is not None
