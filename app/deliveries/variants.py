"""Who gets which mail of a run that has several, and what became of each.

A person's place is a hash of the automation and the person: the same in each of its runs, another in other automations.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text

from app.db import db
from app.deliveries import lots
from app.deliveries.delivery import ACCEPTED, Delivery
from app.deliveries.run import Run
from app.deliveries.variant import RunVariant

PLACE = f"({lots.drawn(':split_by')} % CAST(:places AS bigint))::smallint"
# Whatever version of their template was published at the time: their people count together.
ALIKE = text(
    """
    SELECT v.run_id
      FROM runs r
      JOIN run_variants v ON v.run_id = r.id
      JOIN template_versions t ON t.id = v.version_id
     WHERE r.automation_id = :automation
     GROUP BY v.run_id
    HAVING array_agg(t.template_id || ' ' || v.subject ORDER BY v.place) = CAST(:said AS text[])
    """
)
COUNTED = text(
    """
    SELECT variant,
           count(*) FILTER (WHERE state = ANY (:accepted)) AS sent,
           count(delivered_at) AS delivered,
           count(opened_at) AS opened, count(clicked_at) AS clicked, count(converted_at) AS converted
      FROM deliveries
     WHERE run_id = ANY (:runs) AND variant IS NOT NULL
     GROUP BY variant
    """
)


@dataclass(frozen=True)
class Count:
    """People, each once a mail; opened and clicked by people, not by robots."""

    sent: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    converted: int = 0


def freeze(some: Iterable[RunVariant]) -> None:
    """In the transaction that makes their run."""
    db.session.add_all(some)
    db.session.flush()


def of(run: Run) -> list[RunVariant]:
    """In their order; none: one mail for everybody."""
    mine = select(RunVariant).where(RunVariant.run_id == run.id)
    return list(db.session.scalars(mine.order_by(RunVariant.place)))


def of_delivery(delivery: Delivery) -> RunVariant | None:
    return None if delivery.variant is None else db.session.get(RunVariant, (delivery.run_id, delivery.variant))


def assigned(run: Run) -> tuple[str, dict[str, Any]]:
    """The place of a `customer_id` as SQL, with what it is told; where there is nothing to choose from, nothing."""
    places = db.session.scalar(select(func.count()).where(RunVariant.run_id == run.id))
    return (PLACE, {"split_by": run.automation_id or 0, "places": places}) if places else ("NULL::smallint", {})


def counts(run_ids: Sequence[int]) -> dict[int, Count]:
    """By place, from rows."""
    rows = db.session.execute(COUNTED, {"runs": list(run_ids), "accepted": list(ACCEPTED)})
    return {row.variant: Count(*row[1:]) for row in rows}


def alike(automation_id: int, said: Sequence[tuple[int, str]]) -> list[int]:
    """Its runs whose mails were these: the template and the subject of each, in their order."""
    wanted = [f"{template_id} {subject}" for template_id, subject in said]
    return list(db.session.scalars(ALIKE, {"automation": automation_id, "said": wanted}))
