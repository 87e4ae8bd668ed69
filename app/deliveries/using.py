"""Runs have sent what templates said: they ask before a template goes, for their account names it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, union_all

from app.content import usage
from app.content.template import TemplateVersion
from app.db import db
from app.deliveries.run import Run
from app.deliveries.variant import RunVariant


@usage.told_by
def of_templates(ids: Sequence[int]) -> list[tuple[int, usage.User]]:
    """The latest run of each: one is enough to keep it."""
    own = select(Run.id, Run.version_id)
    used = union_all(own, select(RunVariant.run_id, RunVariant.version_id)).subquery()
    sent = select(TemplateVersion.template_id, func.max(used.c.id)).join(used, used.c.version_id == TemplateVersion.id)
    rows = db.session.execute(sent.where(TemplateVersion.template_id.in_(ids)).group_by(TemplateVersion.template_id))
    latest = {row[0]: row[1] for row in rows}
    named = {run.id: run.name for run in db.session.scalars(select(Run).where(Run.id.in_(latest.values())))}
    return [(one, usage.User("run", key, named[key], f"/runs/{key}")) for one, key in latest.items()]
