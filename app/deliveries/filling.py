"""The rows of a run, by ONE statement: everybody of the audience, each to be written to or left out for a reason.

The same question asked beforehand (`counted`) is the preflight: what it says is what the run will do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app import running
from app.consent import permission
from app.db import db
from app.deliveries import runs, variants
from app.deliveries.run import Run

PEOPLE = 100  # of a batch; a provider that takes fewer gets it in pieces, see `splitting`
JUDGED = """
    WITH audience AS MATERIALIZED (
      {audience}
    ), judged AS (
      {permission}
    ), allowed AS (
      SELECT c.id AS customer_id, c.email, c.email_folded,
             CASE WHEN j.refusal IS NOT NULL THEN j.refusal
                  WHEN NOT {is_allowed} THEN 'not_allowed' END AS refusal
        FROM audience a
        JOIN customers c ON c.id = a.customer_id
        JOIN judged j ON j.customer_id = c.id
    ), settled AS (
      SELECT customer_id, email,
             CASE WHEN refusal IS NULL AND {is_once}
                       AND row_number() OVER (PARTITION BY email_folded, refusal IS NULL ORDER BY customer_id) > 1
                  THEN 'duplicate_address' ELSE refusal END AS refusal
        FROM allowed
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


def counted(whom: Whom, purpose: str, topic: str | None, now: datetime) -> dict[str | None, int]:
    """How many would get it (None), and how many not, by reason."""
    sql, said = _judged(whom, purpose, topic, now)
    return {row.refusal: row.people for row in db.session.execute(text(sql + COUNTED), said)}


def fill(run: Run, whom: Whom, now: datetime) -> None:
    sql, said = _judged(whom, run.purpose, run.topic, now)
    variant, told = variants.assigned(run)
    db.session.execute(text("SET LOCAL work_mem = '128MB'"))
    db.session.execute(text(sql + FILL.format(variant=variant)), {**said, **told, "run": run.id, "people": PEOPLE})
    db.session.execute(text("SET LOCAL work_mem TO DEFAULT"))
    db.session.execute(text(BATCHES), {"run": run.id, "lane": runs.lane(run)})
    run.planned = db.session.scalar(text("SELECT count(*) FROM deliveries WHERE run_id = :run"), {"run": run.id}) or 0


def _judged(whom: Whom, purpose: str, topic: str | None, now: datetime) -> tuple[str, dict[str, Any]]:
    judgement = permission.judged(purpose, topic, now, "c.id IN (SELECT customer_id FROM audience)")
    allowed = running.config().mail_allow
    sql = JUDGED.format(
        audience=whom.sql,
        permission=judgement.sql,
        is_allowed=ALLOWED if allowed else "true",
        is_once="false" if purpose == "transactional" else "true",
    )
    return sql, {**whom.said, **judgement.said, **({"allowed": list(allowed)} if allowed else {})}
