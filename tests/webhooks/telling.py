"""Receipts as Resend and SES write and sign them, of mails that this installation sent."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask

from app.customers.customer import Customer
from app.db import db
from app.deliveries import filling, runs
from app.deliveries.batch import Batch
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from tests.deliveries.making import EVERYBODY, planned
from tests.factories import make_customer
from tests.webhooks.signing import signature

SECRET = "whsec_" + base64.b64encode(b"the secret at Resend!!!!").decode()
OLDER = "whsec_" + "C" * 32
POSTED = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
ORDER = ("sent", "delivery_delayed", "delivered", "bounced", "complained", "failed")
_numbers = itertools.count(1)


@contextmanager
def secrets(app: Flask, *known: str) -> Iterator[None]:
    before = app.extensions["config"]
    decoded = tuple(base64.b64decode(one.removeprefix("whsec_")) for one in known)
    app.extensions["config"] = replace(before, resend_webhook_secrets=decoded)
    try:
        yield
    finally:
        app.extensions["config"] = before


def make_sent(state: str = "accepted", customer: Customer | None = None, **facts: Any) -> Delivery:
    """A mail that left this machine, whatever is known of it; `provider_id` only once it was recorded."""
    customer = customer or make_customer(email="maya@people.example")
    run = planned(key=f"run-{next(_numbers)}")
    filling.fill(run, EVERYBODY, datetime.now(UTC))
    runs.begin(run, datetime.now(UTC))
    run.waiting_since = None
    batch = db.session.query(Batch).filter_by(run_id=run.id).one()
    delivery = db.session.query(Delivery).filter_by(run_id=run.id, customer_id=customer.id).one()
    is_out = state == "accepted"
    batch.state, batch.posted_at, batch.key = ("done" if is_out else "posting"), POSTED, "resend-1-x"
    batch.sealed_ids, batch.waiting_since = [delivery.id], None
    known = {"provider_id": f"re-{delivery.id}", "accepted_at": POSTED} if is_out else {}
    for name, value in {
        "state": state,
        "reason": "unknown" if state == "uncertain" else None,
        **known,
        **facts,
    }.items():
        setattr(delivery, name, value)
    db.session.commit()
    return delivery


def event(kind: str, delivery: Delivery, **changes: Any) -> dict[str, Any]:
    """Told a minute after the other, in the order in which such things happen."""
    at = POSTED + timedelta(minutes=ORDER.index(kind) if kind in ORDER else 0)
    data: dict[str, Any] = {
        "email_id": f"re-{delivery.id}",
        "created_at": POSTED.isoformat(),
        "to": [delivery.email or "maya@people.example"],
        "tags": {"delivery_id": str(delivery.id), "run_id": str(delivery.run_id)},
    }
    if kind == "bounced":
        type_ = changes.pop("bounce", "Permanent")
        data["bounce"] = {"type": type_, "subType": "General", "message": "maya@people.example: no such user"}
    return {"type": f"email.{kind}", "created_at": changes.pop("at", at).isoformat(), "data": data | changes}


def signed(body: bytes, id: str = "msg_1", secret: str = SECRET, at: int | None = None) -> dict[str, str]:
    at = int(datetime.now(UTC).timestamp()) if at is None else at
    return {"svix-id": id, "svix-timestamp": str(at), "svix-signature": signature(secret, id, at, body)}


def written(said: Any) -> bytes:
    return said if isinstance(said, bytes) else json.dumps(said).encode()


def post(app: Flask, said: Any, id: str = "", **headers: str) -> Any:
    body = written(said)
    with app.app_context():
        sent = {**signed(body, id or f"msg_{next(_numbers)}"), **headers}
        return app.test_client().post("/webhooks/resend", data=body, headers=sent)


def fresh(delivery: Delivery) -> Delivery:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Delivery, delivery.id)


def run_of(delivery: Delivery) -> Run:
    return db.session.get_one(Run, delivery.run_id)
