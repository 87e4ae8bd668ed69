"""What an automation needs before it may act: somebody to write to, and something published to say."""

from __future__ import annotations

from app.automations.automation import Automation
from app.content import versions, writing
from app.content.template import MessageTemplate, TemplateVersion
from app.problem import Problem
from app.segments import keeping as segments


def problems(automation: Automation) -> list[Problem]:
    return [*_segment(automation), *_template(automation)]


def version_of(automation: Automation) -> TemplateVersion | None:
    """What it says at this moment."""
    template = _found(automation)
    return versions.published(template) if template is not None else None


def _segment(automation: Automation) -> list[Problem]:
    segment = segments.find(automation.segment_id) if automation.segment_id else None
    if segment is None:
        return [Problem("segment_id", "Choose a segment: whom to write to.")]
    return [Problem("segment_id", "Its segment is in the archive.")] if segment.archived_at else []


def _template(automation: Automation) -> list[Problem]:
    template = _found(automation)
    if template is None:
        return [Problem("template_id", "Choose a template: what to say.")]
    if template.type != "email":
        return [Problem("template_id", "WhatsApp messages are kept here, and never sent.")]
    if version_of(automation) is None:
        return [Problem("template_id", f"“{template.name}” is not published yet.")]
    return [Problem("template_id", "Its template is in the archive.")] if template.archived_at else []


def _found(automation: Automation) -> MessageTemplate | None:
    return writing.find(automation.template_id) if automation.template_id else None
