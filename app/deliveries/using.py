"""Runs have sent what templates said: they ask before a template goes, for their account names it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from app.content import usage
from app.content.template import TemplateVersion
from app.db import db
from app.deliveries.run import Run


@usage.told_by
def of_templates(ids: Sequence[int]) -> list[tuple[int, usage.User]]:
    """The latest run of each: one is enough to keep it."""
    sent = select(TemplateVersion.template_id, func.max(Run.id)).join(Run, Run.version_id == TemplateVersion.id)
    rows = db.session.execute(sent.where(TemplateVersion.template_id.in_(ids)).group_by(TemplateVersion.template_id))
    latest = {row[0]: row[1] for row in rows}
    named = {run.id: run.name for run in db.session.scalars(select(Run).where(Run.id.in_(latest.values())))}
    return [(one, usage.User("run", key, named[key], f"/runs/{key}")) for one, key in latest.items()]
