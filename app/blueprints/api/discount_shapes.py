"""What other systems hear of discount codes, and how they add some."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from app.blueprints.api.shapes import Moment

MOST = 10_000  # codes of a call


class KnownPool(msgspec.Struct, kw_only=True):
    """`free`: null where there are always as many as are needed. `taken`: of a fixed one, whose code all share, 0."""

    id: int
    name: str
    kind: str
    amount: str
    warn_below: int
    free: int | None
    taken: int
    created_date: Moment
    updated_date: Moment


class PoolList(msgspec.Struct):
    data: list[KnownPool]
    has_more: bool
    next_cursor: str | None


class NewCodes(msgspec.Struct, forbid_unknown_fields=True):
    """They are given away in their order, each once."""

    codes: Annotated[list[str], Meta(min_length=1, max_length=MOST)]


class RefusedCode(msgspec.Struct):
    """`index`: which of them, from 0."""

    index: int
    message: str


class AddedCodes(msgspec.Struct, kw_only=True):
    """received = added + repeated + there + the refused, always. `there`: in the pool already."""

    received: int
    added: int
    repeated: int
    there: int
    refused: list[RefusedCode]


class GivenCode(msgspec.Struct, kw_only=True):
    """`customer_id`: null once they are erased."""

    id: int
    pool_id: int
    code: str
    customer_id: int | None
    delivery_id: int | None
    taken_at: Moment


class GivenCodeList(msgspec.Struct):
    data: list[GivenCode]
    has_more: bool
    next_cursor: str | None
