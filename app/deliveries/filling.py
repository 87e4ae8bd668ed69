"""The rows of a run, by ONE statement: everybody of the audience, each to be written to or left out for a reason.

The same question asked beforehand (`counted`) is the preflight: what it says is what the run will do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app import running
from app.consent import permission
from app.db import db
from app.deliveries import canary, capping, holdout, limits, local_times, runs, throttle, variants
from app.deliveries.holdout import NOBODY, Held
from app.deliveries.run import Run
from app.settings import limits as of_team
from app.settings.limits import Cap

PEOPLE = 100  # of a batch; a provider that takes fewer gets it in pieces, see `splitting`
JUDGED = """
    WITH audience AS MATERIALIZED (
      {audience}
    ), judged AS (
      {permission}
    ), allowed AS (
      SELECT c.id AS customer_id, c.email, c.email_folded,
             CASE WHEN j.refusal IS NOT NULL THEN j.refusal
                  WHEN {is_capped} THEN 'capped'
                  WHEN NOT {is_allowed} THEN 'not_allowed' END AS refusal
        FROM audience a
        JOIN customers c ON c.id = a.customer_id
        JOIN judged j ON j.customer_id = c.id
    ), once AS (
      SELECT customer_id, email,
             CASE WHEN refusal IS NULL AND {is_once}
                       AND row_number() OVER (PARTITION BY email_folded, refusal IS NULL ORDER BY customer_id) > 1
                  THEN 'duplicate_address' ELSE refusal END AS refusal
        FROM allowed
    ), settled AS (
      SELECT customer_id, email, coalesce(refusal, {held}) AS refusal FROM once
    )
"""
ALLOWED = """(c.email_folded = ANY (CAST(:allowed AS text[]))
              OR split_part(c.email_folded, '@', 2) = ANY (CAST(:allowed AS text[])))"""
COUNTED = "SELECT refusal, count(*) AS people FROM settled GROUP BY refusal"
FILL = """
    INSERT INTO deliveries (run_id, customer_id, state, reason, part, email, variant)
    SELECT :run, customer_id,
           CASE WHEN refusal IS NULL THEN 'planned' ELSE 'skipped' END,
           refusal,
           CASE WHEN refusal IS NULL
                THEN (row_number() OVER (PARTITION BY refusal IS NULL ORDER BY customer_id) - 1) / :people END,
           email,
           {variant}
      FROM settled
    ON CONFLICT (run_id, customer_id, occasion) DO NOTHING
"""
BATCHES = """
    INSERT INTO batches (run_id, part, lane)
    SELECT :run, part, :lane FROM (SELECT DISTINCT part FROM deliveries WHERE run_id = :run AND part IS NOT NULL) parts
    ON CONFLICT (run_id, part) DO NOTHING
"""


@dataclass(frozen=True)
class Whom:
    """A select of customer_id, each person once, and what it is told."""

    sql: str
    said: Mapping[str, Any] = field(default_factory=dict)


def counted(
    whom: Whom, purpose: str, topic: str | None, now: datetime, caps: Sequence[Cap] = (), held: Held = NOBODY
) -> dict[str | None, int]:
    """How many would get it (None), and how many not, by reason. A cap is asked when each mail is sealed: as of now."""
    sql, said = judged(whom, purpose, topic, now, is_once=is_once(purpose), caps=caps, held=held)
    return {row.refusal: row.people for row in db.session.execute(text(sql + COUNTED), said)}


def fill(run: Run, whom: Whom, now: datetime) -> None:
    sql, said = judged(whom, run.purpose, run.topic, now, is_once=is_once(run.purpose), held=held_out(run, now))
    per_minute, local = run.limits.get("throttle_per_minute"), _local(run)
    people = min(PEOPLE, throttle.size(per_minute)) if per_minute else PEOPLE
    variant, told = variants.assigned(run)
    db.session.execute(text("SET LOCAL work_mem = '128MB'"))
    filled = text(sql + (local_times.FILL if local else FILL).format(variant=variant))
    db.session.execute(filled, {**said, **local, **told, "run": run.id, "people": people})
    db.session.execute(text("SET LOCAL work_mem TO DEFAULT"))
    db.session.execute(text(BATCHES), {"run": run.id, "lane": runs.lane(run)})
    if local:
        local_times.hold(run, local, now)
    canary.set_apart(run, runs.next_part(run), people)
    if per_minute:
        throttle.plan(run, per_minute, now)
    run.planned = db.session.scalar(text("SELECT count(*) FROM deliveries WHERE run_id = :run"), {"run": run.id}) or 0


def held_out(run: Run, now: datetime) -> Held:
    caps = limits.of(run.purpose, run.limits, of_team.current()).caps if run.limits.get(holdout.LIMIT) else ()
    return holdout.of(run.automation_id, run.limits, now, caps)


def is_once(purpose: str) -> bool:
    """One mail an address, unless each of them is meant for its own person."""
    return purpose != "transactional"


def _local(run: Run) -> dict[str, Any]:
    return local_times.moments(run) if run.limits.get("local_time") else {}


def judged(
    whom: Whom,
    purpose: str,
    topic: str | None,
    now: datetime,
    *,
    is_once: bool,
    caps: Sequence[Cap] = (),
    held: Held = NOBODY,
) -> tuple[str, dict[str, Any]]:
    """The beginning of a statement, in which `settled` says of each whether they may be written to."""
    judgement = permission.judged(purpose, topic, now, "c.id IN (SELECT customer_id FROM audience)")
    allowed = running.config().mail_allow
    sql = JUDGED.format(
        audience=whom.sql,
        permission=judgement.sql,
        is_allowed=ALLOWED if allowed else "true",
        is_capped=f"c.id IN ({capping.CAPPED})" if caps else "false",
        is_once="true" if is_once else "false",
        held=held.sql,
    )
    more = {"allowed": list(allowed)} if allowed else {}
    return sql, {**whom.said, **judgement.said, **more, **held.said, **(capping.said(caps, now) if caps else {})}
