"""A call that was refused as a whole: one of its mails may be at fault, so its halves go out by themselves.

One poison mail of a hundred costs about fourteen more calls and fails alone; a half is smaller each time, so this ends.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from app.db import db
from app.deliveries import outcomes, runs, sealing
from app.deliveries.batch import Batch
from app.deliveries.providers import Rejected
from app.deliveries.run import Run

EARLIER = timedelta(seconds=1)
LATEST = 300  # parts of a run that are looked at: it may have thousands
SAME = 100  # so many failed alone with the same words, and none was taken: nobody else's mail is tried alone
# What a receipt has settled meanwhile was not planned again, and stays where it is.
HALVE = text(
    """
    WITH moved AS (
      UPDATE deliveries d SET part = :part + (place - 1) / :size
        FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS sealed(id, place)
       WHERE d.id = sealed.id AND d.state = 'planned'
      RETURNING d.part
    )
    INSERT INTO batches (run_id, part, lane, not_before) SELECT DISTINCT :run, part, :lane, :first FROM moved
    """
)
IS_HOPELESS = text(
    """
    SELECT count(*) FILTER (WHERE state = 'failed' AND reason = :said) >= :same AND bool_and(accepted_at IS NULL)
      FROM deliveries WHERE run_id = :run AND part > :since
    """
)


def reject(batch: Batch, run: Run, rejected: Rejected) -> None:
    """None of its mails was taken, even where an earlier post under its key had no answer.

    Had that one been taken, its answer would have come again instead of this one: same key, same bytes.
    """
    _hold(batch, run)
    ids, said = batch.sealed_ids or [], str(rejected)[:300]
    if run.state == "cancelled":
        outcomes.leave(dict.fromkeys(ids, ("skipped", "cancelled")))
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
    halves = {"ids": ids, "size": (len(ids) + 1) // 2, "part": runs.next_part(run)}
    # Before the batches that were never tried: what is wrong with all of them is found out with the first hundred.
    db.session.execute(HALVE, {"run": run.id, "lane": batch.lane, "first": batch.not_before - EARLIER, **halves})
