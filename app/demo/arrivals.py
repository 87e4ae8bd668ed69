"""How the latest facts came in: the calls that brought them, as they came, and some that wait for their customer."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import delete, text

from app.db import db
from app.demo.plan import Plan
from app.events.pending_event import PendingEvent
from app.receipts.receipt import Receipt

MARK = "msg_demo"
AT_ONCE = 6  # items of one call

LATEST = {
    "events": """
        SELECT e.id, c.lms_lead_id, c.email, e.name, e.occurred_at AS at, e.properties,
               NULL AS from_stage, NULL AS to_stage
          FROM events e JOIN customers c ON c.id = e.customer_id
         WHERE e.occurred_at > :since ORDER BY e.occurred_at DESC, e.id DESC LIMIT 60
    """,
    "funnel_events": """
        SELECT f.id, c.lms_lead_id, c.email, f.funnel_type AS name, f.created_date AS at, NULL AS properties,
               f.from_stage, f.to_stage
          FROM funnel_events f JOIN customers c ON c.id = f.customer_id
         WHERE f.created_date > :since ORDER BY f.created_date DESC, f.id DESC LIMIT 24
    """,
}
CAME = """
    UPDATE {table} SET receipt_id = :receipt, receipt_index = place.number
      FROM unnest(CAST(:ids AS bigint[]), CAST(:numbers AS int[])) AS place(id, number)
     WHERE {table}.id = place.id
"""
# Whom nobody knows yet, or whose address a family shares; how many hours ago.
WAITING: tuple[tuple[str, dict[str, str], str, dict[str, Any], float], ...] = (
    ("event", {"lms_lead_id": "L-980114"}, "open_day_booked", {"campus": "Lisbon", "seats": 2}, 2.2),
    ("funnel", {"lms_lead_id": "L-980114"}, "sales", {"to_stage": "enquired"}, 2.3),
    ("event", {"email": "h.lindgren@posteo.example"}, "order_completed", {
        "order_id": "W-58201", "total": 6490, "currency": "EUR",
        "items": [{"name": "Campus hoodie, M", "quantity": 1, "price": 4900},
                  {"name": "Fineliner set", "quantity": 1, "price": 1590}],
        "shipping": {"city": "Malmö", "express": False}}, 5.6),
    ("event", {"email": "h.lindgren@posteo.example"}, "checkout_started", {"total": 6490, "currency": "EUR"}, 5.7),
    ("funnel", {"lms_lead_id": "L-980127"}, "sales", {"from_stage": "enquired", "to_stage": "applied"}, 26),
    ("event", {"anonymous_id": "s-5f0c27d1b9"}, "product_viewed", {
        "product_id": "P-1001", "name": "Sketchbook A4, dotted", "category": "paper",
        "price": 1450, "currency": "EUR"}, 29),
    ("event", {"family": "yes"}, "login", {"platform": "iOS app"}, 31),
)  # fmt: skip


def bring(plan: Plan) -> None:
    """After everything else: it tells how rows that are there came in."""
    mine = Receipt.external_id.startswith(MARK)
    db.session.execute(delete(PendingEvent).where(PendingEvent.receipt_id.in_(db.select(Receipt.id).where(mine))))
    db.session.execute(delete(Receipt).where(mine))
    db.session.execute(text("SELECT set_config('campus.passage', 'merge', true)"))  # these facts are ours to tell
    for table, latest in LATEST.items():
        rows = db.session.execute(text(latest), {"since": plan.now_at - timedelta(days=9)}).all()
        for first in range(0, len(rows), AT_ONCE):
            _came(table, rows[first : first + AT_ONCE])
    db.session.execute(text("SELECT set_config('campus.passage', '', true)"))
    _wait(plan.now_at)


def _came(table: str, rows: Sequence[Any]) -> None:
    receipt = _call(table, [_item(table, row) for row in rows], max(row.at for row in rows))
    numbers = list(range(len(rows)))
    given = {"receipt": receipt.id, "ids": [row.id for row in rows], "numbers": numbers}
    db.session.execute(text(CAME.format(table=table)), given)


def _item(table: str, row: Any) -> dict[str, Any]:
    who: dict[str, Any] = {"lms_lead_id": row.lms_lead_id} if row.lms_lead_id else {"email": row.email}
    if table == "events":
        return {"name": row.name, **who, "occurred_at": row.at.isoformat(), "properties": row.properties}
    stages = {"funnel_type": row.name, "from_stage": row.from_stage, "to_stage": row.to_stage}
    return who | stages | {"occurred_at": row.at.isoformat()}


def _call(table: str, items: list[dict[str, Any]], at: datetime) -> Receipt:
    is_webhook = table == "funnel_events"
    number = db.session.scalar(text("SELECT nextval('receipts_id_seq')"))
    receipt = Receipt(
        id=number,
        source="webhook" if is_webhook else "api",
        sender="funnel" if is_webhook else "Shop",
        path="/webhooks/funnel" if is_webhook else "/api/v1/events",
        external_id=f"{MARK}{number:06}",
        received_at=at + timedelta(seconds=2),
        status=200,
        received=len(items),
        created=len(items),
        body=zlib.compress(msgspec.json.encode({table: items}), 1),
    )
    db.session.add(receipt)
    db.session.flush()
    return receipt


def _wait(now: datetime) -> None:
    for kind, who, name, said, hours in WAITING:
        known, at = _named(who), now - timedelta(hours=hours)
        if known is None:
            continue
        stages = {"from_stage": said.get("from_stage"), "to_stage": said.get("to_stage")} if kind == "funnel" else {}
        item: dict[str, Any] = {**known, "occurred_at": at.isoformat()}
        item |= {"funnel_type": name, **stages} if kind == "funnel" else {"name": name, "properties": said}
        receipt = _call("funnel_events" if kind == "funnel" else "events", [item], at)
        waits = {"email_folded" if key == "email" else key: value for key, value in known.items()}
        properties = {} if kind == "funnel" else said
        db.session.add(
            PendingEvent(
                kind=kind, name=name, occurred_at=at, received_at=receipt.received_at, properties=properties,
                receipt_id=receipt.id, receipt_index=0, **waits, **stages,
            )
        )  # fmt: skip


def _named(who: dict[str, str]) -> dict[str, str] | None:
    if "family" not in who:
        return who
    shared = (
        "SELECT email_folded FROM customers WHERE email_folded <> '' GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1"
    )
    email = db.session.scalar(text(shared))
    return {"email": email} if email else None
