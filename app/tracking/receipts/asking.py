"""Mails of which nothing was heard: while receipts could not come in, they were told to nobody.

Resend is asked about them, one by one, a few each minute and only while no mail waits to go out; each a few times,
later and later. Its answer is a receipt like any other.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Row, exists, func, select, text
from urllib3 import HTTPConnectionPool

from app import running
from app.claims import NotYet
from app.db import db
from app.deliveries.batch import Batch
from app.deliveries.finding import Unanswered
from app.deliveries.providers.resend_reading import Missing, Withheld, asked, connected
from app.pump import STILL_HERE
from app.tracking.receipts import hearing
from app.tracking.receipts.told import Told

YOUNGEST, OLDEST = timedelta(hours=1), timedelta(days=3)  # after it was accepted
PAUSES = (timedelta(hours=3), timedelta(hours=12), timedelta(days=1))  # after the first, second and third time
AT_ONCE = 100  # mails a round
A_ROUND = 8.0  # seconds: what asks may take 20
PATIENCE = timedelta(milliseconds=600)
# Who opened it has it: told of its last event only, we conclude the one before. Others say nothing new.
KINDS = {
    "delivered": "delivered",
    "opened": "delivered",
    "clicked": "delivered",
    "bounced": "bounced",
    "complained": "complained",
    "failed": "failed",
    "suppressed": "failed",
}
SILENT = text(
    """
    SELECT d.id, d.run_id, d.provider_id, coalesce(q.asked, 0) AS asked
      FROM deliveries d
      JOIN batches b ON b.run_id = d.run_id AND b.part = d.part AND b.key LIKE 'resend-%'
      LEFT JOIN receipt_questions q ON q.delivery_id = d.id
     WHERE d.accepted_at BETWEEN :oldest AND :youngest
       AND d.state = 'accepted' AND d.failed_later_at IS NULL AND d.provider_id IS NOT NULL
       AND (q.delivery_id IS NULL OR q.asked <= :most AND q.not_before <= :now)
     ORDER BY coalesce(q.asked, 0), d.accepted_at, d.id LIMIT :at_once
    """
)
NOTE = text(
    """
    INSERT INTO receipt_questions AS held (delivery_id, asked, not_before)
    SELECT id, 1, :not_before FROM unnest(CAST(:ids AS bigint[])) AS id
    ON CONFLICT (delivery_id) DO UPDATE SET asked = held.asked + 1, not_before = excluded.not_before
    """
)
FORGET = text(
    """
    DELETE FROM receipt_questions q
     WHERE NOT EXISTS (SELECT FROM deliveries d WHERE d.id = q.delivery_id AND d.accepted_at > :oldest)
    """
)


class _Mail(msgspec.Struct):
    id: str
    last_event: str = ""


def ask(now: datetime) -> Iterator[bool]:
    if not _is_wanted():
        return
    silent, ends = _silent(now), time.monotonic() + A_ROUND
    pool = connected()
    try:
        for one in silent:
            yield STILL_HERE  # no transaction is open while it is asked
            if time.monotonic() > ends:
                break
            _ask(pool, one, now)
    except NotYet:
        return
    except Withheld:
        _note([one.id for one in silent], now + PAUSES[0])
    finally:
        pool.close()


def forget_old(now: datetime) -> None:
    db.session.execute(FORGET, {"oldest": now - OLDEST})


def _is_wanted() -> bool:
    """Where Resend should have told, and nobody's mail waits for the places that this would take."""
    config = running.config()
    if not (config.resend_webhook_secrets and config.resend_api_key):
        return False
    waits = exists().where(Batch.waiting_since.is_not(None), Batch.not_before <= func.now())
    return not db.session.scalar(select(waits))


def _silent(now: datetime) -> list[Row[tuple[int, int, str, int]]]:
    said = {"oldest": now - OLDEST, "youngest": now - YOUNGEST, "now": now}
    return list(db.session.execute(SILENT, said | {"most": len(PAUSES), "at_once": AT_ONCE}).all())


def _ask(pool: HTTPConnectionPool, one: Row[tuple[int, int, str, int]], now: datetime) -> None:
    try:
        told = _told(one, asked(pool, f"/emails/{one.provider_id}", _Mail, PATIENCE), now)
    except Missing:
        told = None
    except Unanswered:
        _note([one.id], now + PAUSES[0])
        raise NotYet("Resend does not answer now.") from None
    _note([one.id], now + PAUSES[min(one.asked, len(PAUSES) - 1)])
    if told is not None:
        hearing.hear(told, None, now)


def _told(one: Row[tuple[int, int, str, int]], mail: _Mail, now: datetime) -> Told | None:
    """When it happened they do not say, nor which kind of bounce it was: it counts as a soft one."""
    kind = KINDS.get(mail.last_event)
    if kind is None or mail.id != one.provider_id:
        return None
    detail: dict[str, object] = {"said": f"Asked: Resend's last word was “{mail.last_event}”."}
    if kind == "bounced":
        detail |= {"is_hard": False, "type": "", "subtype": ""}
    return Told("resend", one.provider_id, kind, now, one.id, one.run_id, detail=detail)


def _note(ids: list[int], not_before: datetime) -> None:
    db.session.execute(NOTE, {"ids": ids, "not_before": not_before})
