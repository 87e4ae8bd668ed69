"""A batch goes out in pieces: cut to the size that the provider takes, or halved because it was refused as a whole.

A piece is a batch like any other, recorded before it is posted and after. One poison mail of a hundred costs about
fourteen more calls and fails alone; a half is smaller each time, so this ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, text

from app.db import db
from app.deliveries import discounting, filling, outcomes, runs, sealing
from app.deliveries.batch import Batch
from app.deliveries.delivery import Delivery
from app.deliveries.providers import Rejected
from app.deliveries.run import Run

EARLIER = timedelta(seconds=1)
LATEST = 300  # parts of a run that are looked at: it may have thousands
SAME = 100  # so many failed alone with the same words, and none was taken: nobody else's mail is tried alone
# What a receipt has settled meanwhile was not planned again, and stays where it is.
MOVE = text(
    """
    WITH moved AS (
      UPDATE deliveries d SET part = :part + (place - 1) / :size
        FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS sealed(id, place)
       WHERE d.id = sealed.id AND d.state = 'planned'
      RETURNING d.part
    )
    INSERT INTO batches (run_id, part, lane, not_before, held_for, meant_for)
    SELECT DISTINCT :run, part, :lane, CAST(:first AS timestamptz), :held_for, CAST(:meant_for AS timestamptz)
      FROM moved
    """
)
IS_HOPELESS = text(
    """
    SELECT count(*) FILTER (WHERE state = 'failed' AND reason = :said) >= :same AND bool_and(accepted_at IS NULL)
      FROM deliveries WHERE run_id = :run AND part > :since
    """
)


def is_too_large(batch: Batch, size: int) -> bool:
    """Planned before anybody knew who would carry it: a hundred, whoever that is."""
    return size < filling.PEOPLE and len(_waiting(batch, size + 1)) > size


def cut(batch: Batch, run: Run, size: int) -> None:
    """The only place that knows of small providers: from here on each piece is claimed, sealed and settled alone.

    Killed in the middle of them, those that are done are done, and of the one on its way alone nobody knows.
    """
    _hold(batch, run)
    _move(batch, run, _waiting(batch), size)
    batch.state = "done"


def set_apart(batch: Batch, run: Run, ids: Sequence[int]) -> None:
    """These go on as a batch of their own; the others are not held up by them."""
    _hold(batch, run)
    _move(batch, run, ids, len(ids))


def _waiting(batch: Batch, most: int | None = None) -> list[int]:
    planned = Delivery.run_id == batch.run_id, Delivery.part == batch.part, Delivery.state == "planned"
    return list(db.session.scalars(select(Delivery.id).where(*planned).order_by(Delivery.id).limit(most)))


def reject(batch: Batch, run: Run, rejected: Rejected) -> None:
    """None of its mails was taken, even where an earlier post under its key had no answer.

    Had that one been taken, its answer would have come again instead of this one: same key, same bytes.
    """
    _hold(batch, run)
    ids, said = batch.sealed_ids or [], str(rejected)[:300]
    if run.state == "cancelled":
        outcomes.leave(dict.fromkeys(ids, ("skipped", "cancelled")))
        discounting.left_out(run, ids)
    elif len(ids) < 2 or rejected.is_of_all or _is_hopeless(run, said):
        outcomes.leave(dict.fromkeys(ids, ("failed", said)))
    else:
        _halve(batch, run, ids)
    batch.state, batch.payload = "done", None


def _hold(batch: Batch, run: Run) -> None:
    """The run first: nobody takes the same parts, or finishes it before the halves are seen; the mails come last."""
    db.session.refresh(run, with_for_update={"key_share": True})
    db.session.refresh(batch, with_for_update={"key_share": True})


def _is_hopeless(run: Run, said: str) -> bool:
    return bool(
        db.session.scalar(
            IS_HOPELESS, {"run": run.id, "said": said, "same": SAME, "since": runs.next_part(run) - LATEST}
        )
    )


def _halve(batch: Batch, run: Run, ids: list[int]) -> None:
    sealing.unseal(batch)
    _move(batch, run, ids, (len(ids) + 1) // 2)


def _move(batch: Batch, run: Run, ids: Sequence[int], size: int) -> None:
    pieces = {"ids": ids, "size": size, "part": runs.next_part(run)}
    pieces |= {"held_for": batch.held_for, "meant_for": batch.meant_for}
    # Before the batches that were never tried: what is wrong with all of them is found out with the first hundred.
    db.session.execute(MOVE, {"run": run.id, "lane": batch.lane, "first": batch.not_before - EARLIER, **pieces})
