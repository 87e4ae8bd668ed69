"""Automations use segments and templates: these ask before they go."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app.automations.automation import Automation
from app.content import usage as templates
from app.db import db
from app.segments import usage as segments


def of_sender(sender_id: int) -> list[str]:
    """Names: without it they would go out under another address."""
    mine = select(Automation.name).where(Automation.sender_id == sender_id, Automation.archived_at.is_(None))
    return list(db.session.scalars(mine.order_by(Automation.name).limit(5)))


@segments.told_by
def of_segments(ids: Sequence[int]) -> list[tuple[int, segments.User]]:
    rows = select(Automation.segment_id, Automation.id, Automation.name).where(Automation.segment_id.in_(ids))
    return [(one, segments.User("automation", key, name)) for one, key, name in db.session.execute(rows) if one]


@templates.told_by
def of_templates(ids: Sequence[int]) -> list[tuple[int, templates.User]]:
    rows = select(Automation.template_id, Automation.id, Automation.name).where(Automation.template_id.in_(ids))
    return [
        (one, templates.User("automation", key, name, f"/automations/{key}"))
        for one, key, name in db.session.execute(rows)
        if one
    ]
