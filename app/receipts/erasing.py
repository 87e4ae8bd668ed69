"""Calls as they came name people: those that named somebody who was erased keep their figures and lose their body.

Nothing says which calls spoke of whom, so all that are kept are read: of the last 90 days, 50 at a time.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Iterator
from typing import Any

import msgspec
from sqlalchemy import select, text, update

from app.db import db, plain
from app.receipts.keep import packed
from app.receipts.receipt import Receipt

AT_ONCE = 50
FORGOTTEN_BODY = b"Forgotten: this call named somebody who was erased."
FORGOTTEN = packed(FORGOTTEN_BODY)
KNOWN = "SELECT id, received_at, source, sender, path FROM receipts WHERE id = ANY (:ids) ORDER BY id"
# A lead id in a key is left: they end after a day, and a short one would be found in everybody's.
ANSWERS = text(
    """
    DELETE FROM idempotency_keys
     WHERE EXISTS (SELECT FROM unnest(CAST(:emails AS text[])) AS said(email)
                    WHERE position(said.email IN lower(key)) > 0
                       OR position(convert_to(said.email, 'UTF8') IN answer) > 0)
    RETURNING 1
    """
)


def erase(
    ids: Collection[int], leads: Collection[str], emails: Collection[str], pointed: Collection[int]
) -> Iterator[dict[str, int]]:
    """`pointed`: calls of which facts of theirs say that they came in with them."""
    named, after = _named(ids, leads, emails), 0
    while found := db.session.execute(_some(after)).all():
        after = found[-1].id
        theirs = [row for row in found if row.id in pointed or _names(named, row)]
        for row in theirs:
            _blank(row.id, row.rejects)
        yield {"calls": len(theirs)}
    gone = db.session.execute(ANSWERS, {"emails": list(emails)}).all()
    yield {"kept answers": len(gone)}


def export(ids: Collection[int]) -> dict[str, list[dict[str, Any]]]:
    """Which calls told of them; what else these say may be about others."""
    return {"calls": plain(KNOWN, ids=sorted(ids))}


def _some(after: int) -> Any:
    wanted = select(Receipt.id, Receipt.body, Receipt.rejects).where(Receipt.id > after)
    return wanted.order_by(Receipt.id).limit(AT_ONCE)


def _named(ids: Collection[int], leads: Collection[str], emails: Collection[str]) -> re.Pattern[bytes]:
    """A lead id as a whole text of JSON, an address anywhere, our own number where a customer is named by it."""
    ways = [re.escape(email) for email in emails]
    ways += [re.escape(msgspec.json.encode(lead).decode()) for lead in leads]
    ways += [rf'"customer_id"\s*:\s*{customer_id}(?!\d)' for customer_id in ids]
    return re.compile("|".join(ways).encode(), re.IGNORECASE)


def _names(named: re.Pattern[bytes], row: Any) -> bool:
    return bool(named.search(_plain(zlib.decompress(row.body))) or named.search(msgspec.json.encode(row.rejects)))


def _plain(body: bytes) -> bytes:
    """Without escapes, behind which an address could hide."""
    if b"\\" not in body:
        return body
    try:
        return msgspec.json.encode(msgspec.json.decode(body))
    except (msgspec.DecodeError, RecursionError):
        return body


def _blank(receipt_id: int, rejects: list[dict[str, Any]]) -> None:
    kept = [{**reject, "field": "", "message": ""} for reject in rejects]
    db.session.execute(update(Receipt).where(Receipt.id == receipt_id).values(body=FORGOTTEN, rejects=kept))
