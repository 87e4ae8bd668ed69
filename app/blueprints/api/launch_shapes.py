"""What other systems say of a product that they launch."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.blueprints.api.shapes import Id, Key, Moment

Word = Annotated[str, Meta(min_length=1, max_length=200)]
Address = Annotated[str, Meta(min_length=8, max_length=2000, pattern="^https?://")]


class ProductLaunch(msgspec.Struct, omit_defaults=True):
    """Whoever has the interest gets one mail about the product. Every further key is a fact that templates may name.

    `key` names the launch for ever: asked for again by it nothing is sent again, and another launch by it is refused.
    An Idempotency-Key does so for a day. Without either two calls are two launches.
    """

    interest: Word
    product_name: Word
    product_link: Address
    product_id: Key | UnsetType | None = UNSET
    at: Moment | UnsetType | None = UNSET
    message_template_id: Id | UnsetType | None = UNSET
    key: Key | UnsetType | None = UNSET


class StartedLaunch(msgspec.Struct):
    run_id: int | None
