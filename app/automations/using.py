"""Automations use segments and templates: these ask before they go."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, text

from app.automations.automation import Automation
from app.catalogue import discounts
from app.content import usage as templates
from app.db import db
from app.segments import usage as segments
from app.settings import launches

LAUNCHES = "Settings → Launches"
OF_SEGMENTS = text(
    """
    SELECT segment_id AS used, id, name FROM automations WHERE segment_id = ANY (:ids)
     UNION
    SELECT (goal->>'segment')::bigint, id, name FROM automations WHERE (goal->>'segment')::bigint = ANY (:ids)
     ORDER BY name, id
    """
)
OF_TEMPLATES = text(
    """
    SELECT template_id AS used, id, name FROM automations WHERE template_id = ANY (:ids)
     UNION
    SELECT (variant->>'template_id')::bigint, id, name
      FROM automations, jsonb_array_elements(variants) AS variant
     WHERE (variant->>'template_id')::bigint = ANY (:ids)
     ORDER BY name, id
    """
)


def of_sender(sender_id: int) -> list[str]:
    """Names: without it they would go out under another address."""
    mine = select(Automation.name).where(Automation.sender_id == sender_id, Automation.archived_at.is_(None))
    named = list(db.session.scalars(mine.order_by(Automation.name).limit(5)))
    return [*named, LAUNCHES] if launches.read().sender_id == sender_id else named


@segments.told_by
def of_segments(ids: Sequence[int]) -> list[tuple[int, segments.User]]:
    """Whom it writes to, or whom it brings there."""
    rows = db.session.execute(OF_SEGMENTS, {"ids": list(ids)})
    return [(row.used, segments.User("automation", row.id, row.name)) for row in rows]


@templates.told_by
def of_templates(ids: Sequence[int]) -> list[tuple[int, templates.User]]:
    """Also where it is one of several mails only."""
    rows = db.session.execute(OF_TEMPLATES, {"ids": list(ids)})
    return [(row.used, templates.User("automation", row.id, row.name, f"/automations/{row.id}")) for row in rows]


@discounts.told_by
def of_pool(pool_id: int) -> list[discounts.User]:
    mine = select(Automation.id, Automation.name).where(Automation.discount_pool_id == pool_id)
    return [
        discounts.User("automation", row.id, row.name) for row in db.session.execute(mine.order_by(Automation.name))
    ]
