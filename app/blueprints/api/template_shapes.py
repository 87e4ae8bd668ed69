"""What other systems may say of templates, key by key, and what they hear."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.blueprints.api.segment_shapes import Version
from app.blueprints.api.shapes import Item, Moment
from app.content.writing import LONGEST, LONGEST_NAME

Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
Line = Annotated[str, Meta(max_length=LONGEST["subject"])]
Source = Annotated[str, Meta(max_length=LONGEST["message"])]
Description = Annotated[str, Meta(max_length=2_000)]
Type = Annotated[str, Meta(pattern="^(email|whatsapp)$")]
Templating = Annotated[str, Meta(pattern="^mjml$")]


class Template(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A mail as MJML, or the text of a WhatsApp message, which is kept and never sent."""

    name: Name
    type: Type
    templating_type: Templating = "mjml"
    subject: Line | UnsetType | None = UNSET
    preheader: Line | UnsetType | None = UNSET
    message: Source | UnsetType | None = UNSET
    description: Description | UnsetType | None = UNSET


class TemplateChange(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What becomes another; `version` is the one that was read. A `message` makes code of a composed one, for good.

    A version that is not the present one is refused with 409, and so is none.
    """

    version: Version | UnsetType | None = UNSET
    name: Name | UnsetType | None = UNSET
    type: Type | UnsetType | None = UNSET
    templating_type: Templating | UnsetType | None = UNSET
    subject: Line | UnsetType | None = UNSET
    preheader: Line | UnsetType | None = UNSET
    message: Source | UnsetType | None = UNSET
    description: Description | UnsetType | None = UNSET


class KnownTemplate(msgspec.Struct, kw_only=True):
    """The draft. `published`: the number of the version that goes out; `is_composed`: put together from blocks."""

    id: int
    name: str
    type: str
    templating_type: str
    subject: str
    preheader: str
    message: str
    description: str
    is_composed: bool
    version: int
    published: int | None
    created_date: Moment
    updated_date: Moment
    archived_at: Moment | None


class TemplateList(msgspec.Struct):
    data: list[KnownTemplate]
    has_more: bool
    next_cursor: str | None


class Publication(msgspec.Struct):
    version: int


class Rendering(Item, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """For whom, by customer_id, lms_lead_id or email, and what the mail is about."""

    facts: dict[str, Any] | UnsetType | None = UNSET


class Rendered(msgspec.Struct):
    subject: str
    html: str
    text: str
    headers: dict[str, str]
    missing: list[str]


class TemplateUser(msgspec.Struct):
    kind: str
    id: int
    name: str
