"""What an automation needs before it may act: somebody to write to, and something published to say.

What it uses may go to the archive while it is active: that only keeps others from choosing it.
"""

from __future__ import annotations

from app import running
from app.automations import triggers, variants
from app.automations.automation import Automation
from app.catalogue import discounts
from app.content import versions, writing
from app.content.template import MessageTemplate, TemplateVersion
from app.deliveries import accounts, verification
from app.problem import PASSING, Problem
from app.segments import keeping as segments
from app.settings import senders

CODED = ("facts.discount_code", "facts.discount_amount")
NO_SEGMENT = Problem("segment_id", "Choose a segment: whom to write to.")


def problems(automation: Automation) -> list[Problem]:
    return [*_segment(automation), *_template(automation), *variants.lacking(automation)]


def by_hand(automation: Automation) -> list[Problem]:
    """A run at this moment is for a segment, whatever the trigger says; unless it looks at the shop."""
    if automation.is_passing:
        return [Problem("", PASSING)]
    found = problems(automation)
    if triggers.looks_at_shop(automation.trigger):
        return found
    return found if automation.segment_id is not None else [NO_SEGMENT, *_template(automation)]


def activating(automation: Automation) -> list[Problem]:
    """Besides: nothing from the archive, and a provider that refuses neither us nor the sender."""
    return problems(automation) + _archived(automation) + _refused() + _sender(automation)


def staying(automation: Automation, *, is_other_sender: bool) -> list[Problem]:
    """Changed while it is active. The sender that it was activated with it may keep."""
    return problems(automation) + (_sender(automation) if is_other_sender else [])


def lacking(automation: Automation) -> list[Problem]:
    """What keeps it from acting; or from being activated, where it is not active yet."""
    return problems(automation) if automation.is_active else activating(automation)


def version_of(automation: Automation) -> TemplateVersion | None:
    """What it says at this moment."""
    template = _found(automation)
    return versions.published(template) if template is not None else None


def sender_of(automation: Automation) -> str:
    """The chosen sender, else the default one of Settings, else MAIL_FROM."""
    chosen = senders.find(automation.sender_id) if automation.sender_id else None
    default = next((one for one in senders.everyone() if one.is_default), None)
    sender = chosen or default
    return f"{sender.name} <{sender.email}>" if sender else running.config().mail_from


def unfilled(automation: Automation) -> list[tuple[str, str]]:
    """Mails, by what they are called, with fields without which nobody gets them: nothing fills these by the clock."""
    if not triggers.is_by_clock(automation.trigger):
        return []
    needed = [(one.label or "it", path) for one in variants.said(automation) for path in one.needs()]
    coded = CODED if automation.discount_pool_id else ()
    return [(label, path) for label, path in needed if path.startswith("facts.") and path not in coded]


def short_of_codes(automation: Automation, people: int) -> str:
    """No reason not to act: whoever gets none waits."""
    pool = discounts.find(automation.discount_pool_id) if automation.discount_pool_id else None
    free = discounts.left(pool) if pool else None
    if pool is None or free is None or free >= max(people, 1):
        return ""
    if not free:
        return f"The codes of “{pool.name}” are used up: mails would wait until some are added."
    return f"“{pool.name}” has {free:,} codes left for {people:,} people: the others would wait until some are added."


def _segment(automation: Automation) -> list[Problem]:
    segment = segments.find(automation.segment_id) if automation.segment_id else None
    if segment is None and triggers.needs_segment(automation.trigger):
        return [NO_SEGMENT]
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
    return found + variants.archived(automation)


def _refused() -> list[Problem]:
    """Until a person has seen to it. What opens by itself, like a quota, is only waited for."""
    account = accounts.closed(running.config().mail_provider)
    if account is None or account.opens_at is not None:
        return []
    return [Problem("", f"The provider refuses the account: {account.closed_for}")]


def _sender(automation: Automation) -> list[Problem]:
    said = verification.refusal(sender_of(automation))
    return [Problem("sender_id", f"Its sender is refused. {said}")] if said else []


def _found(automation: Automation) -> MessageTemplate | None:
    return writing.find(automation.template_id) if automation.template_id else None
