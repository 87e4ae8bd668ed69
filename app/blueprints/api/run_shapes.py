"""What other systems hear of runs and of their mails, and how they ask for one transactional mail."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from app.blueprints.api.shapes import Id, Item, Moment


class KnownRun(msgspec.Struct, kw_only=True):
    """planned = waiting + accepted + skipped + failed + uncertain, always; accepted stays whatever follows.

    Of the accepted: delivered, bounced and complained as the provider says, opened and clicked by people.
    """

    id: int
    name: str
    automation_id: int | None
    state: str
    state_reason: str
    planned: int
    waiting: int
    accepted: int
    delivered: int
    opened: int
    clicked: int
    converted: int
    bounced: int
    complained: int
    skipped: dict[str, int]
    failed: dict[str, int]
    uncertain: int
    planned_for: Moment
    created_date: Moment
    started_at: Moment | None
    finished_at: Moment | None


class RunList(msgspec.Struct):
    data: list[KnownRun]
    has_more: bool
    next_cursor: str | None


class Message(Item, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One transactional mail to one person, named by customer_id, lms_lead_id or email; `facts` is what it is about."""

    message_template_id: Id
    facts: dict[str, Any] | UnsetType | None = UNSET


class Accepted(msgspec.Struct):
    delivery_id: int


class KnownDelivery(msgspec.Struct, kw_only=True):
    """`reason`: why it was skipped, failed or is uncertain. `occasion`: what it answers, like event-4711; else null."""

    id: int
    run_id: int
    customer_id: int
    occasion: str | None
    state: str
    reason: str | None
    email: str | None
    provider_id: str | None
    accepted_at: Moment | None


class DeliveryList(msgspec.Struct):
    data: list[KnownDelivery]
    has_more: bool
    next_cursor: str | None
