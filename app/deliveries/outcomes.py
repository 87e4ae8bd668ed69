"""What becomes of deliveries, recorded in sets: one statement for all mails of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import text

from app.db import db
from app.deliveries.providers import Outcome

LEFT = text(
    """
    UPDATE deliveries d SET state = said.state, reason = said.reason
      FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:reasons AS text[])) AS said(id, state, reason)
     WHERE d.id = said.id AND d.state IN ('planned', 'sealed', 'uncertain')
    """
)
MARK = text("UPDATE deliveries SET state = :state WHERE id = ANY (:ids) AND state IN ('planned', 'sealed')")
READDRESS = text(
    """
    UPDATE deliveries d SET email = said.email
      FROM unnest(CAST(:ids AS bigint[]), CAST(:emails AS text[])) AS said(id, email) WHERE d.id = said.id
    """
)
ACCEPTED = text(
    """
    UPDATE deliveries d SET state = 'accepted', reason = NULL, provider_id = said.provider_id, accepted_at = :now
      FROM unnest(CAST(:ids AS bigint[]), CAST(:provider_ids AS text[])) AS said(id, provider_id)
     WHERE d.id = said.id AND d.state IN ('sealed', 'uncertain')
    """
)


def leave(left: Mapping[int, tuple[str, str]]) -> None:
    """Skipped, failed or uncertain, each with its reason."""
    if left:
        db.session.execute(
            LEFT,
            {
                "ids": list(left),
                "states": [state for state, _ in left.values()],
                "reasons": [reason for _, reason in left.values()],
            },
        )


def mark(ids: Sequence[int], state: str) -> None:
    db.session.execute(MARK, {"ids": list(ids), "state": state})


def readdress(moved: Mapping[int, str]) -> None:
    """Where each mail really goes: what comes back of it binds that address."""
    if moved:
        db.session.execute(READDRESS, {"ids": list(moved), "emails": list(moved.values())})


def record(ids: Sequence[int], found: Sequence[Outcome], now: datetime) -> None:
    """One outcome for each, in the order in which they were sealed."""
    pairs = list(zip(ids, found, strict=True))
    accepted = [(one, outcome.id) for one, outcome in pairs if not outcome.refused]
    if accepted:
        db.session.execute(
            ACCEPTED,
            {"ids": [one for one, _ in accepted], "provider_ids": [known for _, known in accepted], "now": now},
        )
    leave({one: ("failed", outcome.refused[:300]) for one, outcome in pairs if outcome.refused})
