"""A mail about what somebody did in the shop goes out only while that is still so, and shows it as it is then.

Whoever has bought meanwhile gets nothing; what a mail shows is kept with it, to be shown again in the browser.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, text

from app.catalogue import still
from app.catalogue.still import Shown
from app.db import db
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from app.events import carted

REASON = "overtaken"
KEEP = text(
    """
    UPDATE deliveries d SET facts = said.facts
      FROM unnest(CAST(:ids AS bigint[]), CAST(:facts AS jsonb[])) AS said(id, facts)
     WHERE d.id = said.id AND d.facts IS DISTINCT FROM said.facts
    """
)


@dataclass(frozen=True)
class Told:
    """By delivery: what is so now. Of a run that answers nothing of the shop it knows nothing."""

    shown: Mapping[int, Shown] = field(default_factory=dict)

    def is_over(self, delivery_id: int) -> bool:
        return delivery_id in self.shown and not self.shown[delivery_id].is_true

    def facts(self, delivery_id: int, kept: Mapping[str, Any] | None) -> Mapping[str, Any]:
        return self.shown[delivery_id].facts if delivery_id in self.shown else kept or {}


def told(run: Run, waiting: Sequence[Any]) -> Told:
    """Of rows with id, customer_id and facts. What it finds is kept with them."""
    found = _asked(run, waiting)
    if found:
        written = [json.dumps(one.facts) for one in found.values()]
        db.session.execute(KEEP, {"ids": list(found), "facts": written})
    return Told(found)


def is_out_of_date(run: Run, delivery_ids: Sequence[int]) -> bool:
    """What was drawn of them is not what would be drawn now."""
    columns = Delivery.id, Delivery.customer_id, Delivery.facts
    rows = db.session.execute(select(*columns).where(Delivery.id.in_(delivery_ids))).all()
    found, kept = _asked(run, rows), {row.id: row.facts for row in rows}
    return any(not one.is_true or one.facts != kept[key] for key, one in found.items())


def _asked(run: Run, rows: Sequence[Any]) -> dict[int, Shown]:
    """Facts that name nothing of the shop are left as they are: somebody asked for that mail by hand."""
    found: dict[int, Shown] = {}
    for behaviour, mails in _by_behaviour(run, rows).items():
        gone = carted.since(_looks(mails)) if behaviour == still.BROWSE else set()
        found |= still.facts(behaviour, mails, gone)
    return found


def _by_behaviour(run: Run, rows: Sequence[Any]) -> dict[str, list[still.Mail]]:
    """What goes on after such a mail is about the same, though its run answers another mail."""
    found: dict[str, list[still.Mail]] = {}
    for row in rows:
        facts = row.facts or {}
        behaviour = run.behaviour or facts.get("behaviour")
        if behaviour in still.ASKED and (facts.get("cart") or facts.get("products")):
            found.setdefault(behaviour, []).append(still.Mail(row.id, row.customer_id, facts))
    return found


def _looks(mails: Sequence[still.Mail]) -> list[carted.Asked]:
    return [
        (mail.key, mail.customer_id, one["product_id"], one["first_at"])
        for mail in mails
        for one in mail.facts.get("products", ())
    ]
