"""The figures by what makes mails go out: what people do in the shop, an event, a segment, the clock.

A run keeps for ever what it answers in the shop; for everything else its automation is asked, and what has none by now
is among the others. So the rows add up to the total.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.automations.behaviours.settings import KINDS
from app.metrics import reports, sources
from app.metrics.figures import Figures
from app.metrics.scope import Scope

LAUNCH, OTHERS = "launch", "others"
SHOP = (*KINDS, LAUNCH)
EVENT = "event:"  # and its name
KIND = f"""
    CASE WHEN r.behaviour IS NOT NULL THEN r.behaviour
         WHEN a.trigger ? 'event' THEN '{EVENT}' || (a.trigger ->> 'event')
         WHEN a.trigger ? 'enters_segment' THEN 'enters_segment'
         WHEN a.trigger ? 'after' THEN 'after'
         WHEN a.trigger ? 'cron' THEN 'cron'
         ELSE '{OTHERS}' END
"""
OF_RUNS = f"""
    SELECT rows.*, {KIND} AS kind FROM ({{source}}) rows
      JOIN runs r ON r.id = rows.run_id LEFT JOIN automations a ON a.id = r.automation_id
"""


@dataclass(frozen=True)
class Trigger:
    kind: str
    figures: Figures


def of(scope: Scope) -> Sequence[Trigger]:
    """Those of the shop first, then whoever sent most."""
    days, credited = (OF_RUNS.format(source=one(scope)) for one in (sources.days, sources.credited))
    found = reports.by("kind", days, scope, reports.revenue("kind", credited, scope))
    order = {kind: place for place, kind in enumerate(SHOP)}
    rows = sorted(found.items(), key=lambda row: (order.get(row[0], len(order)), -row[1].sent, row[0]))
    return [Trigger(kind, figures) for kind, figures in rows]


def only(found: Sequence[Trigger], kind: str) -> Figures:
    return next((one.figures for one in found if one.kind == kind), Figures())
