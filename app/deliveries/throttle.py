"""So many mails of a run a minute, steadily: each batch has its own moment, and none is made up for later at once.

The run knows when the next post may go; whoever posts takes it there. In any sixty seconds there are no more than
were allowed, however late workers come to their batches.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import text

from app.claims import NotYet
from app.clock import clock
from app.db import db
from app.deliveries.run import Run
from app.pump import STILL_HERE

NAME = "throttle"
MOST = 100  # of a batch
A_MINUTE = 60
SLACK = timedelta(seconds=3)  # a tick and more: a worker that comes so late does not make the run slower
TAKE = text(
    """
    UPDATE runs SET next_post_at = greatest(next_post_at, CAST(:now AS timestamptz) - CAST(:slack AS interval))
                                   + CAST(:takes AS interval)
     WHERE id = :run AND state = 'sending' AND (next_post_at IS NULL OR next_post_at <= :now)
    RETURNING id
    """
)
# Each at its own time, or as long after the one before it as that takes.
SPACE = text(
    """
    WITH ranked AS (
      SELECT id, greatest(not_before, CAST(:base AS timestamptz)) AS at,
             (row_number() OVER in_order - 1) * CAST(:apart AS interval) AS ahead
        FROM batches
       WHERE run_id = :run AND waiting_since IS NOT NULL AND (lease_until IS NULL OR lease_until <= :now)
      WINDOW in_order AS (ORDER BY not_before, id)
    ), spaced AS (
      SELECT id, ahead + max(at - ahead) OVER (ORDER BY ahead ROWS UNBOUNDED PRECEDING) AS at FROM ranked
    )
    UPDATE batches b
       SET not_before = s.at, waiting_since = greatest(b.waiting_since, s.at), held_for = coalesce(b.held_for, :why),
           meant_for = CASE WHEN CAST(:is_planned AS boolean) THEN s.at ELSE b.meant_for END
      FROM spaced s
     WHERE b.id = s.id AND (b.not_before <> s.at OR CAST(:is_planned AS boolean))
    """
)


def size(per_minute: int) -> int:
    """Of a batch: about one a second, so that the last of them cannot be far too many."""
    return max(1, min(MOST, per_minute // A_MINUTE))


def takes(per_minute: int, mails: int) -> timedelta:
    """Before the next post. A minute's posts are those of a minute and of the slack, and one batch more."""
    return mails * (timedelta(seconds=A_MINUTE) + SLACK) / (per_minute - size(per_minute) + 1)


def plan(run: Run, per_minute: int, now: datetime) -> None:
    """Those of a run that was just filled."""
    _space(run, takes(per_minute, size(per_minute)), now, now, is_planned=True)


def must_be_free(run: Run, per_minute: int, mails: int) -> Iterator[bool]:
    """Takes the next post of the run, until the commit that the caller owes; or waits, and so do those behind it."""
    now = clock()
    said = {"run": run.id, "now": now, "slack": SLACK, "takes": takes(per_minute, mails)}
    if db.session.scalar(TAKE, said) is None:
        yield from wait(run, takes(per_minute, min(mails, size(per_minute))))


def wait(run: Run, apart: timedelta) -> Iterator[bool]:
    """After a pause or an outage all of its batches are due at once: they are spaced anew, and not tried one by one."""
    db.session.refresh(run, with_for_update={"key_share": True})
    now = clock()
    base = max(run.next_post_at or now, now)
    _space(run, apart, base + apart, now, is_planned=False)
    yield STILL_HERE
    raise NotYet("It sends as many mails a minute as it may.", base - now)


def _space(run: Run, apart: timedelta, base: datetime, now: datetime, *, is_planned: bool) -> None:
    said = {"run": run.id, "apart": apart, "base": base, "now": now, "why": NAME, "is_planned": is_planned}
    db.session.execute(SPACE, said)
