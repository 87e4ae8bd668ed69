"""The discount codes of a run: each mail gets its own when it is sealed, and none goes out without.

Where the pool has no more, what needs one waits; whoever adds codes wakes it. A mail that is left out gives its code
back: it never left, so nobody has seen it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, text

from app.audit import Actor
from app.catalogue import code_lists, codes, discounts
from app.catalogue.code_lists import Added
from app.catalogue.discount import UPLOADED, DiscountPool
from app.catalogue.discounts import Wanted
from app.claims import NotYet
from app.db import db
from app.deliveries import alarms
from app.deliveries.batch import Batch
from app.deliveries.run import OPEN, Run

NAME = "codes"  # what a batch is held for
WAIT = timedelta(minutes=15)  # whoever adds codes wakes it before
SOON = timedelta(seconds=1)
Facts = Mapping[str, str]
NONE_YET = text(
    """
    SELECT d.id FROM deliveries d
     WHERE d.run_id = :run AND d.part = :part AND d.state = 'planned'
       AND NOT EXISTS (SELECT FROM discount_codes c WHERE c.delivery_id = d.id)
     ORDER BY d.id
    """
)
KEEP = text(
    """
    UPDATE deliveries d SET facts = coalesce(d.facts, '{}') || said.facts
      FROM unnest(CAST(:ids AS bigint[]), CAST(:codes AS text[])) AS given(id, code),
           LATERAL jsonb_build_object('discount_code', code, 'discount_amount', CAST(:amount AS text)) AS said(facts)
     WHERE d.id = given.id AND NOT coalesce(d.facts, '{}') @> said.facts
    """
)
FORGET = text(
    """
    UPDATE deliveries SET facts = nullif(facts - 'discount_code' - 'discount_amount', '{}')
     WHERE id = ANY (CAST(:ids AS bigint[])) AND facts IS NOT NULL
    """
)
HAD_CODES = text("SELECT EXISTS (SELECT FROM deliveries WHERE run_id = :run AND facts ? 'discount_code')")
# Of a run that was cancelled: what had one, and did not go out.
CANCELLED = text(
    """
    SELECT d.id FROM deliveries d JOIN discount_codes c ON c.delivery_id = d.id
     WHERE d.run_id = :run AND d.state = 'skipped' AND d.reason = 'cancelled'
    """
)
# All that would find as little: ten thousand batches need not look for themselves. Whoever has a code goes on.
HOLD = text(
    """
    UPDATE batches SET held_for = :why, not_before = :until, waiting_since = :until, error = :said
     WHERE id IN (
       SELECT b.id FROM batches b
         JOIN runs r ON r.id = b.run_id AND r.discount_pool_id = :pool AND r.state = 'sending'
        WHERE b.state = 'open' AND b.waiting_since IS NOT NULL AND b.not_before <= :now
          AND (b.lease_until IS NULL OR b.lease_until <= :now)
          AND NOT EXISTS (SELECT FROM deliveries d JOIN discount_codes c ON c.delivery_id = d.id
                           WHERE d.run_id = b.run_id AND d.part = b.part AND d.state = 'planned')
          FOR NO KEY UPDATE OF b SKIP LOCKED)
    """
)
WAKE = text(
    """
    UPDATE batches b SET not_before = now(), waiting_since = least(b.waiting_since, now()), error = NULL
      FROM runs r
     WHERE r.id = b.run_id AND r.discount_pool_id = :pool AND b.held_for = :why
       AND b.waiting_since IS NOT NULL AND b.not_before > now()
    """
)
WAITING = text(
    """
    SELECT count(*) FROM batches b
      JOIN runs r ON r.id = b.run_id AND r.discount_pool_id = :pool AND r.state = ANY (:open)
      JOIN deliveries d ON d.run_id = b.run_id AND d.part = b.part AND d.state = 'planned'
     WHERE b.held_for = :why AND b.waiting_since IS NOT NULL
    """
)


class Gone(Exception):
    """The pool was deleted."""


def pool_of(run: Run) -> DiscountPool | None:
    return discounts.find(run.discount_pool_id) if run.discount_pool_id is not None else None


def lacking(batch: Batch, run: Run) -> tuple[list[int], bool]:
    """The mails of an open batch for which there is no code, and whether that is all of them.

    Asked without holding any code: when the batch is sealed somebody may have been quicker.
    """
    pool = pool_of(run)
    if pool is None or pool.kind != UPLOADED:
        return [], False
    needed = list(db.session.scalars(NONE_YET, {"run": run.id, "part": batch.part}))
    left = needed[codes.free(pool, len(needed)) :] if needed else []
    return left, bool(left) and len(left) == _planned(batch)


def wait(batch: Batch, run: Run, now: datetime) -> NotYet:
    """Said and kept before it is raised: the alert with how many wait, and the others that would find nothing."""
    pool = pool_of(run)
    assert pool is not None
    until, said = now + WAIT, _used_up(pool)
    db.session.refresh(pool, with_for_update={"read": True})  # whoever adds codes at this moment comes first
    if codes.free(pool, 1):
        return NotYet(said, SOON)
    batch.held_for, batch.waiting_since = NAME, until
    db.session.flush()
    db.session.execute(HOLD, {"pool": pool.id, "why": NAME, "said": said, "now": now, "until": until})
    alarms.codes_used_up(pool.id, pool.name, waiting(pool))
    return NotYet(said, WAIT)


def go_on(batch: Batch, run: Run) -> None:
    """It waited, and there are codes again."""
    batch.held_for = None
    db.session.flush()
    if (pool := pool_of(run)) is not None:
        _settle(pool, "There are codes again.")


def given(run: Run, rows: Iterable[Row[Any]], now: datetime) -> dict[int, Facts]:
    """What the template may say of each mail's code. Raises NotYet where somebody was quicker."""
    pool = pool_of(run)
    if pool is None:
        return {}
    wanting = {row.id: row.customer_id for row in rows}
    found = codes.take(pool, wanting, now)
    if len(found) < len(wanting):
        raise NotYet(_used_up(pool), SOON)
    look_at(pool)
    return {one: {"discount_code": code, "discount_amount": pool.amount} for one, code in found.items()}


def keep(run: Run, sealed: Mapping[int, Facts], left: Collection[int]) -> None:
    """With the mails that were drawn, for whoever looks at them later; those that are left out give theirs back."""
    if run.discount_pool_id is None:
        return
    if sealed:
        said = {"ids": list(sealed), "codes": [one["discount_code"] for one in sealed.values()]}
        db.session.execute(KEEP, said | {"amount": next(iter(sealed.values()))["discount_amount"]})
    _give_back(left)


def cancelled(run: Run) -> None:
    """What had a code and never went out gives it back; nobody waits for one any more."""
    if (pool := pool_of(run)) is None:
        return
    if back := db.session.scalars(CANCELLED, {"run": run.id}).all():
        _give_back(back)
        _wake(pool)
    db.session.flush()
    _settle(pool, "The run is cancelled.")


def left_out(run: Run, delivery_ids: Collection[int]) -> None:
    """They will not go out, and never did: whoever waits for a code may have theirs."""
    if (pool := pool_of(run)) is not None:
        _give_back(delivery_ids)
        _wake(pool)


def spared(delivery_ids: Collection[int]) -> None:
    """Of several runs."""
    _give_back(delivery_ids)


def must_be_there(run: Run) -> None:
    """Raises Gone: its mails had codes, and there would be none."""
    if run.discount_pool_id is None and db.session.scalar(HAD_CODES, {"run": run.id}):
        raise Gone


def add(pool: DiscountPool, written: Iterable[str], by: Actor) -> Added:
    """Whatever waits for them asks again: whoever calls commits, and rings."""
    found = code_lists.add(pool, written, by)
    if found.added:
        _wake(pool)
        alarms.codes_go_on(pool.id, "Codes were added.")
        look_at(pool)
    return found


def change(pool: DiscountPool, wanted: Wanted, version: int, now: datetime, by: Actor) -> None:
    discounts.change(pool, wanted, version, now, by)
    look_at(pool)


def delete(pool: DiscountPool, by: Actor) -> None:
    discounts.delete(pool, by)
    alarms.pool_gone(pool.id)


def look_at(pool: DiscountPool) -> None:
    """Whether it runs low, by its own measure."""
    if pool.kind != UPLOADED:
        return
    if pool.warn_below and codes.free(pool, pool.warn_below) < pool.warn_below:
        alarms.codes_run_low(pool.id, pool.name, pool.warn_below)
    else:
        alarms.codes_suffice(pool.id)


def waiting(pool: DiscountPool) -> int:
    """Mails that wait for a code of it."""
    return db.session.scalar(WAITING, {"pool": pool.id, "why": NAME, "open": list(OPEN)}) or 0


@discounts.told_by
def of_pool(pool_id: int) -> list[discounts.User]:
    """Runs that are not over: without it their mails would go out bare."""
    going = select(Run.id, Run.name).where(Run.discount_pool_id == pool_id, Run.state.in_(OPEN)).order_by(Run.id)
    return [discounts.User("run", row.id, row.name) for row in db.session.execute(going.limit(100))]


def _planned(batch: Batch) -> int:
    said = {"run": batch.run_id, "part": batch.part}
    counted = text("SELECT count(*) FROM deliveries WHERE run_id = :run AND part = :part AND state = 'planned'")
    return db.session.scalar(counted, said) or 0


def _wake(pool: DiscountPool) -> None:
    db.session.execute(WAKE, {"pool": pool.id, "why": NAME})


def _give_back(delivery_ids: Collection[int]) -> None:
    if delivery_ids:
        codes.give_back(delivery_ids)
        db.session.execute(FORGET, {"ids": list(delivery_ids)})


def _settle(pool: DiscountPool, how: str) -> None:
    if not waiting(pool):
        alarms.codes_go_on(pool.id, how)


def _used_up(pool: DiscountPool) -> str:
    return f"The codes of “{pool.name}” are used up."
