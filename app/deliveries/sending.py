"""One batch on its way: seal, look once more, post, record. Between the steps everything is committed.

Killed anywhere, it goes on where it was: before the first post whatever changed still counts; from then on the same
bytes go out under the same key until somebody knows what became of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from app.claims import NotYet, clock
from app.db import db
from app.deliveries import accounts, outcomes, pace, sealing, stopping
from app.deliveries.batch import Batch
from app.deliveries.carriers import carrier
from app.deliveries.delivery import WAITING, Delivery
from app.deliveries.providers import Busy, Closed, Provider, Rejected, Unknown
from app.deliveries.run import Run

TRUSTED = timedelta(hours=23)  # how long a provider that can tell remembers a key, with an hour to spare
AGAIN = (1, 2, 5, 15, 30)  # seconds until the next try after an unknown outcome
NOT_KNOWN = "The provider's answer did not come; it may have been sent."


def send(batch_id: int, now: datetime) -> Iterator[None]:
    provider = _carrier()
    # Locked: whoever cancels takes the batch first and its mails second, and so do we.
    batch = db.session.get_one(Batch, batch_id, populate_existing=True, with_for_update={"key_share": True})
    run = db.session.get_one(Run, batch.run_id)
    if run.state == "cancelled" and batch.state == "posting":
        _settle_unknown(batch)
        return
    _may_go_on(run)
    if batch.state == "open":
        sealing.seal(batch, run, provider, now)
        yield
    elif batch.state == "sealed" and sealing.refusals(run, _customers(batch), now):
        # Sealed by somebody who did not come to post it: who said no since then must not get it.
        sealing.unseal(batch)
        sealing.seal(batch, run, provider, now)
        yield
    if batch.state in ("sealed", "posting"):
        yield from _post(batch, run, provider)


def _carrier() -> Provider:
    try:
        return carrier()
    except Closed as closed:
        raise NotYet(str(closed), timedelta(minutes=1)) from None


def _may_go_on(run: Run) -> None:
    if stopping.is_stopped():
        raise NotYet(stopping.SAID, timedelta(seconds=2))
    if run.state != "sending":
        raise NotYet(f"The run is {run.state}.", timedelta(seconds=2))


def _customers(batch: Batch) -> list[int]:
    return list(db.session.scalars(select(Delivery.customer_id).where(Delivery.id.in_(batch.sealed_ids or []))))


def _post(batch: Batch, run: Run, provider: Provider) -> Iterator[None]:
    body, key, ids = sealing.packed(batch), batch.key or "", batch.sealed_ids or []
    if _is_given_up(batch, provider):
        _settle_unknown(batch)
        return
    accounts.must_be_open(provider.name, clock())
    pace.take(provider.name, pace.URGENT if batch.lane == 0 else pace.PATIENCE)
    db.session.refresh(run)
    _may_go_on(run)
    is_first = batch.posted_at is None
    batch.state, batch.posted_at = "posting", batch.posted_at or clock()
    yield  # from here on it may be out; no transaction is open while it goes
    try:
        found = provider.post(body, key)
    except Unknown as unknown:
        if provider.is_idempotent:
            raise NotYet(str(unknown), _pause(batch)) from None
        _settle_unknown(batch)
        return
    except Rejected as rejected:
        _reject(batch, str(rejected))
        return
    except (Busy, Closed) as refused:
        yield from _refused(batch, is_first, provider, refused)
        return
    outcomes.record(ids, found, clock())
    _done(batch)


def _refused(batch: Batch, is_first: bool, provider: Provider, refused: Busy | Closed) -> Iterator[None]:
    """It took none of them; unless an earlier post may have arrived, they are as if they had never been out."""
    if is_first:
        batch.state, batch.posted_at = "sealed", None
    if isinstance(refused, Closed):
        accounts.close(provider.name, str(refused), refused.opens_at, clock())
    yield
    raise NotYet(str(refused), refused.wait if isinstance(refused, Busy) else timedelta(seconds=5))


def _is_given_up(batch: Batch, provider: Provider) -> bool:
    if batch.state != "posting" or batch.posted_at is None:
        return False
    return not provider.is_idempotent or clock() - batch.posted_at > TRUSTED


def _settle_unknown(batch: Batch) -> None:
    outcomes.leave(dict.fromkeys(batch.sealed_ids or [], ("uncertain", NOT_KNOWN)))
    batch.state, batch.payload = "uncertain", None


def _reject(batch: Batch, said: str) -> None:
    outcomes.leave(dict.fromkeys(batch.sealed_ids or [], ("failed", said[:300])))
    _done(batch)


def _done(batch: Batch) -> None:
    batch.state, batch.payload = "done", None


def _pause(batch: Batch) -> timedelta:
    since = (clock() - (batch.posted_at or clock())).total_seconds()
    return timedelta(seconds=next((s for s in AGAIN if since < s), AGAIN[-1]))


def give_up(batch_id: int) -> None:
    """Set aside by the loop: what may be out is uncertain, the rest has failed."""
    batch = db.session.get_one(Batch, batch_id, populate_existing=True)
    if batch.failed_at is None:
        return
    if batch.state == "posting":
        _settle_unknown(batch)
    else:
        waiting = select(Delivery.id).where(
            Delivery.run_id == batch.run_id, Delivery.part == batch.part, Delivery.state.in_(WAITING)
        )
        outcomes.leave(dict.fromkeys(db.session.scalars(waiting), ("failed", batch.error or "It could not be sent.")))
        _done(batch)
