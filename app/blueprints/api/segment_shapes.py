"""What other systems may say of segments, key by key, and what they hear."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.blueprints.api.shapes import Key, KnownCustomer, Moment
from app.segments.definition import LONGEST_DESCRIPTION, LONGEST_NAME, LONGEST_SQL
from app.segments.listed import MOST_PASTED

Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
Description = Annotated[str, Meta(max_length=LONGEST_DESCRIPTION)]
Statement = Annotated[str, Meta(min_length=1, max_length=LONGEST_SQL)]
Leads = Annotated[list[Key], Meta(max_length=MOST_PASTED)]
Version = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class Segment(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A segment by its type: customers (lms_lead_ids), selection_sql, handler_function and arguments, or rules."""

    name: Name
    type: Annotated[str, Meta(pattern="^(manual|sql|function|rules)$")]
    description: Description | UnsetType | None = UNSET
    customers: Leads | UnsetType | None = UNSET
    selection_sql: Statement | UnsetType | None = UNSET
    handler_function: Name | UnsetType | None = UNSET
    arguments: dict[str, Any] | UnsetType | None = UNSET
    rules: dict[str, Any] | UnsetType | None = UNSET


class SegmentChange(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What becomes another; `version` is the one that was read. `customers` replaces a list, `add`, `remove` change it.

    A version that is not the present one is refused with 409, and so is none.
    """

    version: Version | UnsetType | None = UNSET
    name: Name | UnsetType | None = UNSET
    type: Annotated[str, Meta(pattern="^(manual|sql|function|rules)$")] | UnsetType | None = UNSET
    description: Description | UnsetType | None = UNSET
    customers: Leads | UnsetType | None = UNSET
    add: Leads | UnsetType | None = UNSET
    remove: Leads | UnsetType | None = UNSET
    selection_sql: Statement | UnsetType | None = UNSET
    handler_function: Name | UnsetType | None = UNSET
    arguments: dict[str, Any] | UnsetType | None = UNSET
    rules: dict[str, Any] | UnsetType | None = UNSET


class KnownSegment(msgspec.Struct, kw_only=True):
    """`count`: as it was counted last; `count_problem`: why it could not be."""

    id: int
    name: str
    type: str
    description: str
    selection_sql: str | None
    handler_function: str | None
    arguments: dict[str, Any]
    rules: dict[str, Any] | None
    version: int
    count: int | None
    counted_at: Moment | None
    count_problem: str | None
    created_date: Moment
    updated_date: Moment
    archived_at: Moment | None


class SavedSegment(KnownSegment, kw_only=True):
    """`unknown_customers`: whoever of a list is nobody here; the others are on it."""

    unknown_customers: list[str]


class SegmentList(msgspec.Struct):
    data: list[KnownSegment]
    has_more: bool
    next_cursor: str | None


class SegmentCount(msgspec.Struct):
    count: int


class SegmentCustomers(msgspec.Struct):
    data: list[KnownCustomer]
    has_more: bool
    next_cursor: str | None


class SegmentUser(msgspec.Struct):
    kind: str
    id: int
    name: str
