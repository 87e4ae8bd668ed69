"""What mails earned: the orders that a rule puts down to them, less what was given back, by currency in minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from app.db import db
from app.money import said

# For whoever puts a statement together: `a` is the attribution, `c` its conversion.
CREDITED = "attributions a JOIN conversions c ON c.id = a.conversion_id"
NET = "c.amount - c.refunded"
OF_RUNS = f"""
    SELECT c.currency, sum({NET}) AS net FROM {CREDITED}
     WHERE a.rule = :rule AND a.run_id = ANY (CAST(:runs AS bigint[])) AND c.kind = 'order'
     GROUP BY c.currency ORDER BY c.currency
"""
OF_AUTOMATION = f"""
    SELECT c.currency, count(*) AS conversions, sum({NET}) AS net
      FROM runs r JOIN attributions a ON a.run_id = r.id AND a.rule = :rule JOIN conversions c ON c.id = a.conversion_id
     WHERE r.automation_id = :automation
     GROUP BY c.currency ORDER BY c.currency
"""
LED_TO = f"""
    SELECT c.kind, c.at, c.order_id, c.amount, c.refunded, c.currency, a.touch
      FROM {CREDITED} WHERE a.delivery_id = :delivery AND a.rule = :rule
     ORDER BY c.at, c.id LIMIT :most
"""
MOST = 20


@dataclass(frozen=True)
class Led:
    """Something that a mail led to."""

    kind: str
    at: datetime
    order_id: str | None
    amount: int
    refunded: int
    currency: str | None
    touch: str

    @property
    def text(self) -> str:
        if self.kind != "order":
            return "its goal, by an event" if self.kind == "event" else "its goal, by joining the segment"
        back = f", of which {said(self.refunded, self.currency)} were given back" if self.refunded else ""
        return f"order {self.order_id or 'of an erased person'}, {said(self.amount, self.currency)}{back}"


@dataclass(frozen=True)
class Earned:
    """`revenue`: by currency."""

    conversions: int
    revenue: dict[str, int]

    @property
    def text(self) -> str:
        return " and ".join(said(net, currency) for currency, net in self.revenue.items())


def of_runs(run_ids: Sequence[int], rule: str) -> dict[str, int]:
    rows = db.session.execute(text(OF_RUNS), {"runs": list(run_ids), "rule": rule})
    return {row.currency: int(row.net) for row in rows}


def of_automation(automation_id: int, rule: str) -> Earned:
    rows = db.session.execute(text(OF_AUTOMATION), {"automation": automation_id, "rule": rule}).all()
    return Earned(sum(row.conversions for row in rows), {row.currency: int(row.net) for row in rows if row.currency})


def led_to(delivery_id: int, rule: str) -> list[Led]:
    asked = {"delivery": delivery_id, "rule": rule, "most": MOST}
    return [Led(*row) for row in db.session.execute(text(LED_TO), asked)]
