"""Automations to look at, with somebody to write to and something to say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from app.audit import Actor
from app.automations import keeping
from app.automations.automation import Automation
from app.automations.definition import Definition
from app.content import publishing, writing
from app.content.template import MessageTemplate
from app.content.writing import Draft
from app.db import db
from app.deliveries.run import Run
from app.segments import keeping as segments
from app.segments.definition import Definition as SegmentDefinition
from app.segments.segment import Segment

NOW = datetime(2026, 11, 3, 10, tzinfo=UTC)
HERE = "/automations"
HTMX = {"HX-Request": "true"}
ADA = Actor("user", 1, "Ada")
EVERYBODY = {"none": [{"field": "first_name", "op": "equals", "value": "Nobody"}]}
MAIL = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>Hello {{ customer.first_name }}</mj-text>"
    "</mj-column></mj-section></mj-body></mjml>"
)


def page_of(answer: Any) -> str:
    text: str = answer.get_data(as_text=True)
    return text


def make_segment(name: str = "Everybody", rules: Any = None) -> Segment:
    segment = segments.create(SegmentDefinition(name, "rules", rules=rules or EVERYBODY), NOW, ADA)
    db.session.commit()
    return segment


def make_template(name: str = "Open day", is_published: bool = True) -> MessageTemplate:
    template = writing.create(Draft(name, subject="Come and see", message=MAIL), NOW, ADA)
    if is_published:
        publishing.publish(template, NOW, ADA)
    db.session.commit()
    return template


def make_automation(name: str = "Invitation", cron: str = "0 10 * * *", **said: Any) -> Automation:
    if "segment_id" not in said:
        said["segment_id"] = make_segment().id
    if "template_id" not in said:
        said["template_id"] = make_template().id
    said.setdefault("trigger", {"cron": cron})
    automation = keeping.create(Definition(name, **said), NOW, ADA)
    db.session.commit()
    return automation


def make_active(name: str = "Invitation", at: datetime = NOW, **said: Any) -> Automation:
    automation = keeping.activate(make_automation(name, **said), at, ADA)
    db.session.commit()
    return automation


def the_only() -> Automation:
    db.session.expire_all()
    return db.session.scalars(select(Automation)).one()


def runs() -> list[Run]:
    db.session.expire_all()
    return list(db.session.scalars(select(Run).order_by(Run.id)))
