"""Mails that come one by one to a run that stays open: judged, put into batches and counted like those of any run.

The run is held until the commit: nobody else takes the same parts, and nobody finishes it before they are seen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text, update

from app.db import db
from app.deliveries import filling, runs, variants
from app.deliveries.filling import Whom
from app.deliveries.run import Run

OVER = ("cancelled", "failed")
WHOM = "SELECT DISTINCT id AS customer_id FROM unnest(CAST(:customers AS bigint[])) AS given(id)"
ADD = """
    INSERT INTO deliveries (run_id, customer_id, occasion, state, reason, part, email, facts, variant)
    SELECT :run, s.customer_id, a.occasion,
           CASE WHEN s.refusal IS NULL THEN 'planned' ELSE 'skipped' END,
           s.refusal,
           CASE WHEN s.refusal IS NULL
                THEN :part + (row_number() OVER (PARTITION BY s.refusal IS NULL ORDER BY a.place) - 1) / :people END,
           s.email, a.facts, {variant}
      FROM unnest(CAST(:customers AS bigint[]), CAST(:occasions AS text[]), CAST(:facts AS jsonb[]))
           WITH ORDINALITY AS a(customer_id, occasion, facts, place)
      JOIN settled s USING (customer_id)
    ON CONFLICT (run_id, customer_id, occasion) DO NOTHING
    RETURNING part
"""


@dataclass(frozen=True)
class Mail:
    """To whom, because of what, and what the template may say of it."""

    customer_id: int
    occasion: str
    facts: Mapping[str, Any] | None = None


def held(key: str, make: Callable[[str], Run | None]) -> Run:
    """The run of that key. One that somebody cancelled takes nothing more: what comes next begins another."""
    while True:
        run = _called(key, make)
        if _is_held(run):
            return run


def add(run: Run, mails: Sequence[Mail], now: datetime) -> int:
    """How many were new. Whoever may not be written to is there, too, with the reason."""
    sql, said = filling.judged(Whom(WHOM), run.purpose, run.topic, now, is_once=False, held=filling.held_out(run, now))
    variant, told = variants.assigned(run)
    said |= told | {
        "run": run.id,
        "part": runs.next_part(run),
        "people": filling.PEOPLE,
        "customers": [one.customer_id for one in mails],
        "occasions": [one.occasion for one in mails],
        "facts": [json.dumps(one.facts) if one.facts else None for one in mails],
    }
    parts = db.session.scalars(text(sql + ADD.format(variant=variant)), said).all()
    batches = {"run": run.id, "lane": runs.lane(run), "parts": sorted({one for one in parts if one is not None})}
    db.session.execute(
        text(
            "INSERT INTO batches (run_id, part, lane) SELECT :run, part, :lane FROM unnest(CAST(:parts AS int[])) part"
        ),
        batches,
    )
    counted = update(Run).where(Run.id == run.id).values(planned=Run.planned + len(parts))
    db.session.execute(counted.execution_options(synchronize_session=False))
    db.session.expire(run)
    return len(parts)


def _called(key: str, make: Callable[[str], Run | None]) -> Run:
    while (run := runs.called(key)) is not None and run.state in OVER:
        key = f"{key}-after-{run.id}"
    if run is not None:
        return run
    if (made := make(key)) is not None:
        made.waiting_since = None
        db.session.flush()
        return made
    found = runs.called(key)  # somebody made it a moment ago
    assert found is not None
    return found


def _is_held(run: Run) -> bool:
    """Begun again if it is finished: what comes late still belongs to it."""
    takes = update(Run).where(Run.id == run.id, Run.state.not_in(OVER)).values(started_at=Run.started_at)
    is_held = db.session.scalar(takes.returning(Run.id).execution_options(synchronize_session=False)) is not None
    again = {"state": "sending", "finished_at": None}
    reopened = update(Run).where(Run.id == run.id, Run.state == "finished").values(again)
    db.session.execute(reopened.execution_options(synchronize_session=False))
    db.session.expire(run)
    return is_held
