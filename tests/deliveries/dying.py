"""A worker at one batch, step by step, and one that dies on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import update

from app import claims
from app.claims import Claim
from app.clock import clock
from app.db import db
from app.deliveries import jobs, sending
from app.deliveries.batch import Batch


def claimed() -> Claim:
    """As another worker would take it."""
    taken = claims.claim(Batch, 1, timedelta(seconds=15), clock(), "another", *jobs.BATCHES.only, first=(Batch.lane,))
    db.session.commit()
    return taken[0]


def steps(claim: Claim) -> Iterator[None]:
    """Each step is committed, as the loop does."""
    for _ in sending.send(claim.key, clock()):
        claims.confirm(Batch, [claim])
        db.session.commit()
        yield
    claims.finish(Batch, [claim])


def killed_after(count: int) -> Claim:
    """A worker that dies after so many steps; its lease runs out."""
    claim = claimed()
    going = steps(claim)
    for _ in range(count):
        next(going)
    going.close()
    db.session.rollback()
    db.session.execute(update(Batch).values(lease_until=None))
    db.session.commit()
    return claim
