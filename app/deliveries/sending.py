"""One batch on its way: seal, look once more, post, record. Between the steps everything is committed.

Killed anywhere, it goes on where it was: before the first post whatever changed still counts; from then on the same
bytes go out under the same key until somebody knows what became of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from app.claims import NotYet
from app.clock import clock
from app.db import db
from app.deliveries import accounts, carriers, discounting, holding, outcomes, pace, sealing, splitting, stopping
from app.deliveries import limits as limiting
from app.deliveries.batch import Batch
from app.deliveries.delivery import WAITING, Delivery
from app.deliveries.limits import Limits
from app.deliveries.providers import NOT_KNOWN, TRUSTED, Busy, Closed, Disputed, Provider, Rejected, Unknown
from app.deliveries.run import Run
from app.deliveries.sealing import Parcel
from app.pump import ON_ITS_WAY, STILL_HERE

AGAIN = (1, 2, 5, 15, 30)  # seconds until the next try after an unknown outcome


def send(batch_id: int, now: datetime) -> Iterator[bool]:
    provider = carriers.expected()
    # Locked: whoever cancels takes the batch first and its mails second, and so do we.
    batch = db.session.get_one(Batch, batch_id, populate_existing=True, with_for_update={"key_share": True})
    run, limits = limiting.found(batch.run_id)
    if _is_given_up(batch, run, provider):
        _settle_unknown(batch)
        return
    if batch.state == "sealed" and (
        _is_out_of_date(batch, run, provider, now) or holding.is_held(batch, run, limits, now)
    ):
        sealing.unseal(batch)
    if batch.state == "open" and (yield from holding.look(batch, run, limits, now)):
        return
    if batch.state == "open" and (yield from holding.cut(batch, run, min(provider.batch_size, limits.of_a_call))):
        return
    parcel = sealing.seal(batch, run, provider, now, limits) if batch.state == "open" else sealing.kept(batch)
    if parcel:
        yield STILL_HERE  # nothing is held while a place is waited for
        yield from _post(batch, run, provider, parcel, limits)


def _is_given_up(batch: Batch, run: Run, provider: Provider) -> bool:
    """It may be out, and nobody asks about it any more."""
    if batch.state != "posting" or batch.posted_at is None:
        return False
    may_be_asked = provider.is_idempotent and sealing.is_for(batch, provider)
    if run.state == "cancelled" or not may_be_asked or clock() - batch.posted_at > TRUSTED:
        return True
    return not sealing.are_allowed(batch)  # another machine may have begun it, before its data came here


def _is_out_of_date(batch: Batch, run: Run, provider: Provider, now: datetime) -> bool:
    """Sealed by somebody who did not come to post it: who said no since then must not get it."""
    return not sealing.is_for(batch, provider) or sealing.is_stale(batch, run, now)


def _may_go_on(run_id: int, provider: Provider) -> None:
    """As it is at this moment: what was read before a place among the calls was waited for does not count."""
    asked = select(Run.state, stopping.IS_STOPPED, accounts.is_marked(provider.name)).where(Run.id == run_id)
    state, is_stopped, is_marked = db.session.execute(asked).one()
    if is_stopped:
        raise NotYet(stopping.SAID, timedelta(seconds=2))
    if state != "sending":
        raise NotYet(f"The run is {state}.", timedelta(seconds=2))
    if is_marked:
        accounts.must_be_open(provider.name, clock())


def _post(batch: Batch, run: Run, provider: Provider, parcel: Parcel, limits: Limits) -> Iterator[bool]:
    """Begun right after a commit: no transaction stays open while a place is waited for."""
    pace.take(provider.name, pace.URGENT if parcel.is_urgent else pace.PATIENCE)
    _may_go_on(parcel.run_id, provider)
    yield from holding.take_place(run, limits, len(parcel.ids), parcel.was_out)
    _mark(parcel, state="posting", posted_at=func.coalesce(Batch.posted_at, clock()))
    yield ON_ITS_WAY  # from here on it may be out; no transaction is open while it goes
    try:
        found = provider.post(parcel.body, parcel.key)
    except Disputed as disputed:
        _settle_unknown(batch, str(disputed)[:300])
        return
    except Unknown as unknown:
        if provider.is_idempotent:
            raise NotYet(str(unknown), _pause(batch)) from None
        _settle_unknown(batch)
        return
    except Rejected as rejected:
        holding.give_back(batch, limits, len(parcel.ids))
        splitting.reject(batch, run, rejected)
        return
    except (Busy, Closed) as refused:
        holding.give_back(batch, limits, 0 if parcel.was_out else len(parcel.ids))
        yield from _refused(run, parcel, provider, refused)
        return
    holding.give_back(batch, limits, sum(bool(one.refused) for one in found))
    outcomes.record(parcel.ids, found, clock())
    _mark(parcel, state="done", payload=None)


def _mark(parcel: Parcel, **values: Any) -> None:
    """By a statement: an object would be read again before it is written."""
    marked = update(Batch).where(Batch.id == parcel.batch_id).values(**values)
    db.session.execute(marked.execution_options(synchronize_session=False))


def _refused(run: Run, parcel: Parcel, provider: Provider, refused: Busy | Closed) -> Iterator[bool]:
    """It took none of them; unless an earlier post may have arrived, they are as if they had never been out."""
    if isinstance(refused, Closed):
        accounts.close(provider.name, str(refused), refused.opens_at, clock())
    end = None if parcel.was_out else _end(run, parcel, refused)
    if end:
        outcomes.leave(dict.fromkeys(parcel.ids, end))
        if end[0] == "skipped":
            discounting.left_out(run, parcel.ids)
        _mark(parcel, state="done", payload=None)
        return
    if not parcel.was_out:
        _mark(parcel, state="sealed", posted_at=None)
    yield STILL_HERE
    raise NotYet(str(refused), refused.wait)


def _end(run: Run, parcel: Parcel, refused: Busy | Closed) -> tuple[str, str] | None:
    """What becomes of mails that are not tried again."""
    if _is_cancelled(run):
        return "skipped", "cancelled"
    if isinstance(refused, Busy) and refused.is_no_after(clock() - _since(parcel)):
        return "failed", str(refused)[:300]
    return None


def _since(parcel: Parcel) -> datetime:
    asked = select(Batch.waiting_since).where(Batch.id == parcel.batch_id)
    return db.session.scalar(asked) or clock()


def _is_cancelled(run: Run) -> bool:
    """Held until it is recorded: whoever cancels finds the batch as it is then."""
    db.session.refresh(run, with_for_update={"key_share": True})
    return run.state == "cancelled"


def _settle_unknown(batch: Batch, said: str = NOT_KNOWN) -> None:
    outcomes.leave(dict.fromkeys(batch.sealed_ids or [], ("uncertain", said)))
    batch.state, batch.payload = "uncertain", None


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
        batch.state, batch.payload = "done", None
