"""What an automation needs before it may act: somebody to write to, and something published to say.

What it uses may go to the archive while it is active: that only keeps others from choosing it.
"""

from __future__ import annotations

from app import running
from app.automations import triggers
from app.automations.automation import Automation
from app.content import versions, writing
from app.content.template import MessageTemplate, TemplateVersion
from app.deliveries import accounts
from app.problem import Problem
from app.segments import keeping as segments


def problems(automation: Automation) -> list[Problem]:
    return [*_segment(automation), *_template(automation)]


def activating(automation: Automation) -> list[Problem]:
    """Besides: nothing from the archive, and a provider that does not refuse us."""
    return problems(automation) + _archived(automation) + _refused()


def lacking(automation: Automation) -> list[Problem]:
    """What keeps it from acting; or from being activated, where it is not active yet."""
    return problems(automation) if automation.is_active else activating(automation)


def version_of(automation: Automation) -> TemplateVersion | None:
    """What it says at this moment."""
    template = _found(automation)
    return versions.published(template) if template is not None else None


def unfilled(automation: Automation) -> list[str]:
    """Fields without which nobody gets this mail, and that nothing fills when the clock begins it."""
    version = version_of(automation)
    if version is None or not triggers.is_by_clock(automation.trigger):
        return []
    shown = {field["path"] for field in version.fields}
    skips = (path for path, policy in version.policies.items() if policy.get("skip"))
    return sorted(path for path in skips if path in shown and path.startswith("facts."))


def _segment(automation: Automation) -> list[Problem]:
    segment = segments.find(automation.segment_id) if automation.segment_id else None
    if segment is None:
        return [Problem("segment_id", "Choose a segment: whom to write to.")]
    return []


def _template(automation: Automation) -> list[Problem]:
    template = _found(automation)
    if template is None:
        return [Problem("template_id", "Choose a template: what to say.")]
    if template.type != "email":
        return [Problem("template_id", "WhatsApp messages are kept here, and never sent.")]
    if version_of(automation) is None:
        return [Problem("template_id", f"“{template.name}” is not published yet.")]
    return []


def _archived(automation: Automation) -> list[Problem]:
    segment = segments.find(automation.segment_id) if automation.segment_id else None
    template = _found(automation)
    found = [Problem("segment_id", "Its segment is in the archive.")] if segment and segment.archived_at else []
    found += [Problem("template_id", "Its template is in the archive.")] if template and template.archived_at else []
    return found


def _refused() -> list[Problem]:
    """Until a person has seen to it. What opens by itself, like a quota, is only waited for."""
    account = accounts.closed(running.config().mail_provider)
    if account is None or account.opens_at is not None:
        return []
    return [Problem("", f"The provider refuses the account: {account.closed_for}")]


def _found(automation: Automation) -> MessageTemplate | None:
    return writing.find(automation.template_id) if automation.template_id else None
