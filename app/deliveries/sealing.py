"""A batch is sealed before any call: permission is asked once more, each mail is drawn, the exact bytes are kept.

Whoever may not get it any more is left out with a reason; what cannot be drawn fails alone.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import zstandard
from sqlalchemy import Row, select, text

from app import running
from app.consent import permission
from app.content.language import Refused as CannotBeDrawn
from app.content.language import Skip
from app.db import db
from app.deliveries import allowing, capping, discounting, message, outcomes, overtaken, rechecking, runs
from app.deliveries.batch import Batch
from app.deliveries.delivery import Delivery
from app.deliveries.limits import NONE, Limits
from app.deliveries.providers import Mail, Provider
from app.deliveries.run import Run

UNFIT = re.compile(r"[\s\x00-\x1f\x7f,;<>\"()\\]")  # in an address: it would be several, or another header
Waiting = Row[tuple[int, int, dict[str, Any] | None, int | None, str | None]]
Left = dict[int, tuple[str, str]]  # of a delivery: what became of it, and why


WHOSE = """unnest(CAST(:ids AS bigint[]), CAST(:customers AS bigint[])) AS said(id, customer_id)
      JOIN customers c ON c.id = said.customer_id"""
# In the order of the addresses: two batches that want the same ones wait for each other in one direction only.
TAKE = text(f"""
    INSERT INTO run_addresses (run_id, email_folded, delivery_id)
    SELECT :run, c.email_folded, said.id FROM {WHOSE} ORDER BY c.email_folded, said.id
    ON CONFLICT DO NOTHING
    RETURNING delivery_id
""")
TAKEN = text(f"""
    SELECT said.id FROM {WHOSE}
      JOIN run_addresses a ON a.run_id = :run AND a.email_folded = c.email_folded AND a.delivery_id <> said.id
""")


# Of each that was sealed: whether the address in its mail is still theirs.
PRESENT = """
    SELECT d.customer_id, a.delivery_id IS NOT NULL AS is_there
      FROM deliveries d
      LEFT JOIN customers c ON c.id = d.customer_id
      LEFT JOIN run_addresses a ON a.run_id = :run AND a.email_folded = c.email_folded AND a.delivery_id = d.id
     WHERE d.id = ANY (CAST(:ids AS bigint[]))
"""


@dataclass(frozen=True)
class Parcel:
    """The exact bytes of one call, their key, and the deliveries in their order."""

    batch_id: int
    run_id: int
    key: str
    ids: Sequence[int]
    body: bytes
    is_urgent: bool
    was_out: bool  # it may be there already


@dataclass
class Sealed:
    mails: list[Mail] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    left: Left = field(default_factory=dict)
    codes: dict[int, discounting.Facts] = field(default_factory=dict)  # what its pool gave each of them
    moved: dict[int, str] = field(default_factory=dict)  # who has another address than when the run was planned


def seal(batch: Batch, run: Run, provider: Provider, now: datetime, limits: Limits = NONE) -> Parcel | None:
    """`open` → `sealed`, or `done` where nobody is left."""
    waiting = _waiting(batch)
    sealed = _expired(waiting) if limits.is_too_late(batch, run, now) else _sealed(run, waiting, limits, now)
    outcomes.leave(sealed.left)
    discounting.keep(run, sealed.codes, sealed.left)
    if not sealed.ids:
        batch.state = "done"
        return None
    outcomes.mark(sealed.ids, "sealed")
    outcomes.readdress(sealed.moved)
    body = provider.pack(sealed.mails)
    batch.key = f"{provider.name}-{batch.id}-{secrets.token_hex(8)}"
    batch.payload = zstandard.ZstdCompressor(1).compress(body)
    batch.sealed_ids, batch.state = sealed.ids, "sealed"
    return _parcel(batch, body)


def kept(batch: Batch) -> Parcel | None:
    """What somebody sealed before us."""
    return _parcel(batch, packed(batch)) if batch.state in ("sealed", "posting") else None


def is_for(batch: Batch, provider: Provider) -> bool:
    """Its bytes are a call to this one: nobody else could read them."""
    return (batch.key or "").startswith(f"{provider.name}-")


def unseal(batch: Batch) -> None:
    """It never left this machine: whatever changed meanwhile may still count."""
    outcomes.mark(batch.sealed_ids or [], "planned")
    batch.state, batch.payload, batch.sealed_ids, batch.key = "open", None, None, None
    db.session.execute(
        text("DELETE FROM run_addresses a USING deliveries d WHERE a.delivery_id = d.id AND a.run_id = :run"
             " AND d.run_id = :run AND d.part = :part"),
        {"run": batch.run_id, "part": batch.part},
    )  # fmt: skip


def packed(batch: Batch) -> bytes:
    assert batch.payload is not None
    return zstandard.ZstdDecompressor().decompress(batch.payload)


def is_stale(batch: Batch, run: Run, now: datetime) -> bool:
    """What its bytes say, and to whom, is not what they would say at this moment."""
    if run.purpose == "transactional" or running.config().mail_allow:
        return True  # a receipt with old words, or a machine for trials: these are always drawn anew
    found = db.session.execute(text(PRESENT), {"run": run.id, "ids": batch.sealed_ids}).all()
    ids = [one.customer_id for one in found]
    if any(not one.is_there for one in found) or overtaken.is_out_of_date(run, batch.sealed_ids or []):
        return True
    return bool(refusals(run, ids, now) or rechecking.left(run, ids, now))


def are_allowed(batch: Batch) -> bool:
    addresses = select(Delivery.email).where(Delivery.id.in_(batch.sealed_ids or []))
    return not running.config().mail_allow or all(
        allowing.is_allowed(one or "") for one in db.session.scalars(addresses)
    )


def refusals(run: Run, customer_ids: Sequence[int], now: datetime) -> dict[int, str]:
    """Who may not be written to at this moment, and why."""
    found = permission.refusals(customer_ids, run.purpose, run.topic, now)
    return {one: found.get(one, "no_address") or "" for one in customer_ids if found.get(one, "no_address")}


def _parcel(batch: Batch, body: bytes) -> Parcel:
    assert batch.key
    assert batch.sealed_ids
    return Parcel(
        batch.id,
        batch.run_id,
        batch.key,
        batch.sealed_ids,
        body,
        batch.lane < runs.CAMPAIGN,
        batch.posted_at is not None,
    )


def _waiting(batch: Batch) -> Sequence[Waiting]:
    """Columns, not objects: there are a hundred to a batch, and nothing of them is changed one by one."""
    columns = Delivery.id, Delivery.customer_id, Delivery.facts, Delivery.variant, Delivery.email
    planned = Delivery.run_id == batch.run_id, Delivery.part == batch.part, Delivery.state == "planned"
    return db.session.execute(select(*columns).where(*planned).order_by(Delivery.id)).all()


def _expired(waiting: Sequence[Waiting]) -> Sealed:
    return Sealed(left={row.id: ("skipped", "expired") for row in waiting})


def _sealed(run: Run, waiting: Sequence[Waiting], limits: Limits, now: datetime) -> Sealed:
    sealed = Sealed()
    ids = [row.customer_id for row in waiting]
    refused, people = refusals(run, ids, now), message.people(ids)
    gone = rechecking.left(run, [one for one in ids if one not in refused], now)
    refused |= dict.fromkeys(gone, rechecking.REASON)
    open_ = [row for row in waiting if row.customer_id not in refused]
    told = overtaken.told(run, open_)
    open_ = [row for row in open_ if not told.is_over(row.id)]
    capped = capping.over(limits.caps, open_, now)
    taken = _taken(run, [row for row in open_ if row.id not in capped])
    given = discounting.given(run, [row for row in open_ if row.id not in capped and row.id not in taken], now)
    writer = message.Writer.of(run, {row.variant for row in waiting}) if waiting else None
    recommended = writer.recommended([row.customer_id for row in open_], now) if writer else {}
    for row in waiting:
        reason = refused.get(row.customer_id) or (overtaken.REASON if told.is_over(row.id) else None)
        reason = reason or ("capped" if row.id in capped else None)
        reason = reason or _unfit(people[row.customer_id].email or "")
        reason = reason or ("duplicate_address" if row.id in taken else None)
        if reason:
            sealed.left[row.id] = ("skipped", reason)
            continue
        assert writer is not None
        try:
            known = told.facts(row.id, row.facts)
            facts = {**recommended.get(row.customer_id, {}), **known, **given.get(row.id, {})}
            mail = writer.write(row.id, people[row.customer_id], facts, row.variant)
        except Skip:
            sealed.left[row.id] = ("skipped", "missing_field")
        except CannotBeDrawn:
            sealed.left[row.id] = ("failed", "render")
        else:
            sealed.mails.append(mail)
            sealed.ids.append(row.id)
            sealed.codes |= {row.id: given[row.id]} if row.id in given else {}
            if mail.to != row.email:
                sealed.moved[row.id] = mail.to
    return sealed


def _taken(run: Run, open_: Sequence[Waiting]) -> set[int]:
    """One mail per address of a run: an address that changed since planning may be somebody else's by now."""
    if run.purpose == "transactional" or run.open_until is not None:
        return set()
    said = {"run": run.id, "ids": [row.id for row in open_], "customers": [row.customer_id for row in open_]}
    took = set(db.session.scalars(TAKE, said))
    # Whoever has no row of now may have one from a try before.
    return set(db.session.scalars(TAKEN, said)) if len(took) < len(open_) else set()


def _unfit(email: str) -> str | None:
    if UNFIT.search(email.strip()) or email.count("@") != 1:
        return "bad_address"
    return None if allowing.is_allowed(email) else "not_allowed"
