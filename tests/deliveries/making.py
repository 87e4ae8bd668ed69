"""Runs made by hand, without an automation: a version, people, and what stands in the outbox afterwards."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text

from app.audit.actor import COMMAND_LINE
from app.content import writing
from app.content.template import TemplateVersion
from app.content.writing import Draft
from app.customers.customer import Customer
from app.db import db
from app.deliveries import filling, jobs, runs
from app.deliveries.batch import Batch
from app.deliveries.delivery import Delivery
from app.deliveries.filling import Whom
from app.deliveries.outbox_message import OutboxMessage
from app.deliveries.run import Run
from tests.factories import NOW

EVERYBODY = Whom("SELECT id AS customer_id FROM customers WHERE erased_at IS NULL")
HTML = '<p>Hello {{ customer.first_name }}</p><a href="{{ urls.unsubscribe }}">No more</a>'


def make_version(
    html: str = HTML, subject: str = "Dear {{ customer.first_name }}", policies: dict[str, Any] | None = None
) -> TemplateVersion:
    template = writing.create(Draft("Open day", subject=subject, message="<mjml></mjml>"), NOW, COMMAND_LINE)
    db.session.flush()
    version = TemplateVersion(
        template_id=template.id,
        number=1,
        subject=subject,
        preheader="",
        message="<mjml></mjml>",
        html=html,
        text="Hello {{ customer.first_name }}",
        policies=policies or {},
        fields=[],
        weight=len(html),
        by_name="Ada",
    )
    template.published = 1
    db.session.add(version)
    db.session.commit()
    return version


def make_run(version: TemplateVersion | None = None, whom: Whom = EVERYBODY, key: str = "a run", **facts: Any) -> Run:
    """Planned, and nothing of it sent yet."""
    run = planned(version, key, **facts)
    filling.fill(run, whom, datetime.now(UTC))
    runs.begin(run, datetime.now(UTC))
    run.waiting_since = None
    db.session.commit()
    return run


def planned(version: TemplateVersion | None = None, key: str = "a run", **facts: Any) -> Run:
    said = {"name": "Open day", "purpose": "promotional", "topic": "newsletter", **facts}
    run = runs.make(
        Run(
            key=key,
            planned_for=datetime.now(UTC),
            version_id=(version or make_version()).id,
            timezone="UTC",
            sender="Campus <mail@campus.example>",
            by_name="Ada",
            **said,
        )
    )
    assert run is not None
    db.session.commit()
    return run


def sent(times: int = 1) -> None:
    """The worker looks at its table, whatever was put off."""
    for _ in range(times):
        db.session.execute(text("UPDATE batches SET not_before = now()"))
        db.session.commit()
        jobs.send()
    db.session.expire_all()


def outbox() -> list[OutboxMessage]:
    return list(db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


def addresses() -> list[str]:
    return sorted(one.to_email for one in outbox())


def delivery_to(customer: Customer, run: Run | None = None) -> Delivery:
    theirs = select(Delivery).where(Delivery.customer_id == customer.id)
    found = theirs.where(Delivery.run_id == run.id) if run else theirs
    return db.session.scalars(found.execution_options(populate_existing=True)).one()


def fate(customer: Customer) -> tuple[str, str | None]:
    found = delivery_to(customer)
    return found.state, found.reason


def batch() -> Batch:
    return db.session.scalars(select(Batch).order_by(Batch.id).execution_options(populate_existing=True)).first()


def adds_up(run: Run) -> bool:
    found = runs.account(run)
    rest = found.waiting + found.accepted + found.uncertain
    return found.planned == rest + sum(found.skipped.values()) + sum(found.failed.values())
