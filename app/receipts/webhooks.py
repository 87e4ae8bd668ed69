"""Webhooks as they came: the same id has one effect and one answer; what strangers sent is only counted."""

from __future__ import annotations

import contextlib
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, Select, delete, select, text

from app.db import db
from app.listing import Listing
from app.queue import redis_connection
from app.receipts.receipt import Receipt
from app.tally import Reject, Tally

FUNNEL = "funnel"
NOT_UNDERSTOOD = 400
HOUR = timedelta(hours=1)
A_DAY = 24
SHOWN = 100_000  # bytes


def earlier(sender: str, external_id: str) -> Receipt | None:
    """What came under this id before. Whoever brings the same id at the same moment waits here for our end.

    A body that could not be read had no effect: sent again, it is read again.
    """
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtext('webhooks'), hashtext(:id))"), {"id": external_id})
    mine = (Receipt.source == "webhook", Receipt.sender == sender, Receipt.external_id == external_id)
    db.session.execute(delete(Receipt).where(*mine, Receipt.status >= NOT_UNDERSTOOD))
    return db.session.scalar(select(Receipt).where(*mine))


def tally_of(receipt: Receipt) -> Tally:
    rejects = [Reject(**reject) for reject in receipt.rejects]
    return Tally(receipt.received, receipt.created, receipt.updated, receipt.unchanged, rejects)


@dataclass(frozen=True)
class Body:
    text: str
    size: int
    is_cut: bool


def body_of(receipt: Receipt) -> Body:
    """As text to look at; of a large one the beginning."""
    said = whole(receipt)
    return Body(said[:SHOWN].decode(errors="replace"), len(said), len(said) > SHOWN)


def whole(receipt: Receipt) -> bytes:
    return zlib.decompress(receipt.body)


def deliveries(sender: str = FUNNEL) -> Select[Receipt]:
    return select(Receipt).where(Receipt.source == "webhook", Receipt.sender == sender)


def get(receipt_id: int, sender: str = FUNNEL) -> Receipt | None:
    return db.session.scalar(deliveries(sender).where(Receipt.id == receipt_id))


def _begins(q: str) -> ColumnElement[bool]:
    """By id, from its beginning: the unique index finds it, whatever the number of deliveries."""
    sought = q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return Receipt.external_id.like(f"{sought}%", escape="\\")


LISTING = Listing({"received": (Receipt.id, Receipt.id)}, "-received", _begins)


def refused(now: datetime, door: str = FUNNEL) -> None:
    """Counted by the hour, without anything of what was sent: strangers shall not fill the database."""
    with contextlib.suppress(RedisError, OSError), redis_connection().pipeline(transaction=False) as asked:
        asked.incr(_hour(door, now))
        asked.expire(_hour(door, now), (A_DAY + 1) * 3600)
        asked.execute()


def refused_lately(now: datetime, door: str = FUNNEL) -> int | None:
    """In the last day; None when Redis, which counts them, does not answer."""
    try:
        counted = redis_connection().mget([_hour(door, now - n * HOUR) for n in range(A_DAY)])
    except (RedisError, OSError):
        return None
    return sum(int(count or 0) for count in counted)


def _hour(door: str, now: datetime) -> str:
    return f"campus:webhooks-refused:{door}:{now:%Y%m%d%H}"
