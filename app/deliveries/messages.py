"""One transactional mail, asked for by another system: a delivery in the run that its template has on that day."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app import running
from app.content.template import MessageTemplate, TemplateVersion
from app.customers.customer import Customer
from app.db import db
from app.deliveries import adding, notices, runs
from app.deliveries.batch import Batch
from app.deliveries.delivery import Delivery
from app.deliveries.run import MESSAGES, Run
from app.settings import senders, team

PURPOSE = "transactional"


def send(
    template: MessageTemplate,
    version: TemplateVersion,
    customer: Customer,
    facts: Mapping[str, Any],
    now: datetime,
    by_name: str,
) -> Delivery:
    """Judged, drawn and sent by the same steps as any other mail; nothing is handed over before the commit."""
    key = f"{MESSAGES}{version.id}-{now.astimezone(team.zone()).date().isoformat()}"
    run = adding.held(key, lambda named: _run(named, template, version, now, by_name))
    run.planned += 1
    part = runs.next_part(run)
    delivery = Delivery(
        run_id=run.id,
        customer_id=customer.id,
        occasion=f"message-{secrets.token_hex(8)}",
        state="planned",
        part=part,
        email=customer.email,
        facts=dict(facts) or None,
    )
    db.session.add_all([delivery, Batch(run_id=run.id, part=part, lane=runs.lane(run))])
    db.session.flush()
    return delivery


def _run(key: str, template: MessageTemplate, version: TemplateVersion, now: datetime, by_name: str) -> Run | None:
    default = next(iter(senders.everyone()), None)
    return runs.make(
        Run(
            key=key,
            name=template.name,
            planned_for=now,
            state="sending",
            version_id=version.id,
            purpose=PURPOSE,
            timezone=team.zone().key,
            sender=notices.sender(),
            reply_to=(default.reply_to if default else None) or running.config().mail_reply_to,
            by_name=by_name,
            started_at=now,
        )
    )
