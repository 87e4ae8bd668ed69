"""What other systems may say of automations, key by key, and what they hear."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.automations.definition import LONGEST_DESCRIPTION, LONGEST_NAME
from app.blueprints.api.segment_shapes import Version
from app.blueprints.api.shapes import Id, Moment, Slug, Text
from app.content.writing import LONGEST

Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
Description = Annotated[str, Meta(max_length=LONGEST_DESCRIPTION)]
Purpose = Annotated[str, Meta(pattern="^(promotional|informational|transactional)$")]
Subject = Annotated[str, Meta(min_length=1, max_length=LONGEST["subject"])]
Zone = Annotated[str, Meta(min_length=1, max_length=100)]


class Variant(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One of two to four mails, each for an equal share of the people; what it leaves out is the automation's."""

    message_template_id: Id | UnsetType | None = UNSET
    subject: Subject | UnsetType | None = UNSET


class KnownVariant(msgspec.Struct, kw_only=True):
    message_template_id: int | None
    subject: str | None


class Automation(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """To whom, what and when. `from`: a sender of Settings; none: the default one, else MAIL_FROM.

    `subject`: in place of the template's. `variants`: several mails, of which each person gets always the same one.
    `discount_pool_id`: where the codes come from that its mails show as facts.discount_code, each its own.
    `limits`: cap {n, per}, quiet_hours {from, to}, local_time (true or a time), throttle_per_minute, late_hours,
    canary: {"n": people} go first until somebody looks, {"n": people, "minutes": m} for so long; holdout_percent (more
    than 0, at most 50: always the same people get nothing); recheck_segment (true: who left it meanwhile gets none).
    `goal`: {"event": name, "where"?: [{property, op, value}], "within": "7d"} or {"segment": id, "within": "7d"}: what
    the mail is for, reached within that time after it. It acts once it is activated. `trigger` is one of

    - {"cron": five fields}, {"once": "now" or a time};
    - {"event": name, "where"?: [{property, op, value}], "delay"?: "2h", "at_most_every"?: "1d",
      "unless"?: {"event": name, "where"?}}: whoever does it, or only who is in its segment then; a move in a funnel is
      the event "funnel" with the properties funnel_type, from_stage and to_stage;
    - {"enters_segment": true, "delay"?, "at_most_every"?}: whoever joins its segment from now on;
    - {"after": {"automation": id, "delay": "3d", "if"?: "not_opened", "not_clicked" or "not_converted"}}: whoever got
      the mail of that one, so long ago;
    - {"behaviour": kind, "when"?: "0 10 * * *" (default: every day at 10:00) or "at_once", "at_most_every"?, …}: what
      people do in the shop; with a segment, only who is in it. "abandoned_cart" {"idle_from"?: "24h", "idle_to"?:
      "48h"}: a cart was left alone for so long. "browse" {"views"?: 3, "within"?: "30d", "idle"?: "48h"}: somebody
      looked at a product so often, and not any more. "price_drop" {"percent"?: 0}: a product that they watch costs
      less. "back_in_stock" {"per_piece"?: 2, "wave_every"?: "4h"}: a product that they wait for is there again.
      At most one mail in "at_most_every": 7d for carts and products looked at, else each time; "0h" is no limit.
      Where no topic is said it is that of the behaviour.
    """

    name: Name
    message_template_id: Id
    trigger: dict[str, Any]
    description: Description | UnsetType | None = UNSET
    customer_segment_id: Id | UnsetType | None = UNSET
    purpose: Purpose | UnsetType | None = UNSET
    topic: Slug | UnsetType | None = UNSET
    timezone: Zone | UnsetType | None = UNSET
    sender: Text | UnsetType | None = msgspec.field(default=UNSET, name="from")
    reply_to: Text | UnsetType | None = UNSET
    limits: dict[str, Any] | UnsetType | None = UNSET
    goal: dict[str, Any] | UnsetType | None = UNSET
    subject: Subject | UnsetType | None = UNSET
    variants: list[Variant] | UnsetType | None = UNSET
    discount_pool_id: Id | UnsetType | None = UNSET


class AutomationChange(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What becomes another; `version` is the one that was read. An active one does it from its next run on.

    A version that is not the present one is refused with 409, and so is none.
    """

    version: Version | UnsetType | None = UNSET
    name: Name | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    customer_segment_id: Id | UnsetType | None = UNSET
    message_template_id: Id | UnsetType = UNSET
    purpose: Purpose | UnsetType = UNSET
    topic: Slug | UnsetType | None = UNSET
    timezone: Zone | UnsetType | None = UNSET
    sender: Text | UnsetType | None = msgspec.field(default=UNSET, name="from")
    reply_to: Text | UnsetType | None = UNSET
    trigger: dict[str, Any] | UnsetType = UNSET
    limits: dict[str, Any] | UnsetType | None = UNSET
    goal: dict[str, Any] | UnsetType | None = UNSET
    subject: Subject | UnsetType | None = UNSET
    variants: list[Variant] | UnsetType | None = UNSET
    discount_pool_id: Id | UnsetType | None = UNSET


class KnownAutomation(msgspec.Struct, kw_only=True):
    """`next_at`: when it acts next, while it is active."""

    id: int
    name: str
    description: str
    customer_segment_id: int | None
    message_template_id: int | None
    subject: str | None
    variants: list[KnownVariant]
    purpose: str
    topic: str | None
    timezone: str | None
    sender: str | None = msgspec.field(name="from")
    reply_to: str | None
    discount_pool_id: int | None
    trigger: dict[str, Any]
    goal: dict[str, Any] | None
    limits: dict[str, Any]
    is_active: bool
    next_at: Moment | None
    version: int
    created_date: Moment
    updated_date: Moment
    archived_at: Moment | None


class AutomationList(msgspec.Struct):
    data: list[KnownAutomation]
    has_more: bool
    next_cursor: str | None


class StartedRun(msgspec.Struct):
    run_id: int
