"""One transactional mail, asked for by another system: a delivery in the run that its template has on that day."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update

from app import running
from app.content.template import MessageTemplate, TemplateVersion
from app.customers.customer import Customer
from app.db import db
from app.deliveries import notices, runs
from app.deliveries.batch import Batch
from app.deliveries.delivery import Delivery
from app.deliveries.run import MESSAGES, Run
from app.settings import senders, team

PURPOSE = "transactional"
OVER = ("cancelled", "failed")


def send(
    template: MessageTemplate,
    version: TemplateVersion,
    customer: Customer,
    facts: Mapping[str, Any],
    now: datetime,
    by_name: str,
) -> Delivery:
    """Judged, drawn and sent by the same steps as any other mail; nothing is handed over before the commit."""
    run = _run_of_the_day(template, version, now, by_name)
    while not _is_held(run):  # somebody cancelled it a moment ago
        run = _run_of_the_day(template, version, now, by_name)
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


def _run_of_the_day(template: MessageTemplate, version: TemplateVersion, now: datetime, by_name: str) -> Run:
    """One that somebody cancelled takes nothing more: the next message begins another."""
    key = f"{MESSAGES}{version.id}-{now.astimezone(team.zone()).date().isoformat()}"
    while (run := runs.called(key)) is not None and run.state in OVER:
        key = f"{key}-after-{run.id}"
    return run or _make(key, template, version, now, by_name)


def _make(key: str, template: MessageTemplate, version: TemplateVersion, now: datetime, by_name: str) -> Run:
    default = next(iter(senders.everyone()), None)
    made = runs.make(
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
    if made is not None:
        made.waiting_since = None
        return made
    found = runs.called(key)  # somebody made it a moment ago
    assert found is not None
    return found


def _is_held(run: Run) -> bool:
    """Until the commit: nobody else takes the same part, and nobody finishes it before the new batch is seen."""
    again = {"state": "sending", "finished_at": None}
    counted = update(Run).where(Run.id == run.id, Run.state.not_in(OVER)).values(planned=Run.planned + 1)
    is_held = db.session.scalar(counted.returning(Run.id).execution_options(synchronize_session=False)) is not None
    reopened = update(Run).where(Run.id == run.id, Run.state == "finished").values(again)
    db.session.execute(reopened.execution_options(synchronize_session=False))
    db.session.expire(run)
    return is_held
