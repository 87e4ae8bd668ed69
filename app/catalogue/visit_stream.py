"""Where looks at products wait between the request that told them and the database: a stream in Redis.

How long somebody stayed may come before its view does, from another process: it waits aside until more views come.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from app import measures, redis_stream
from app.catalogue.visitor import Visitor
from app.queue import redis_connection
from app.redis_stream import RedisStream

DRAIN = "events.drain_views"
AT_ONCE = 2_000
EARLY = "campus:views:early"
MOST_EARLY = 10_000
EARLY_KEPT = 600  # seconds that a stay waits for its view

Moment = Annotated[float, Meta(ge=0, le=2**33)]  # seconds since 1970, by our clock
Minor = Annotated[int, Meta(ge=0, le=2**53)]


class Viewed(msgspec.Struct, frozen=True, array_like=True, tag="view"):
    id: UUID
    at: Moment
    lead: str | None
    session_id: str | None
    product_id: str
    name: str | None = None
    price: Minor | None = None
    category: str | None = None
    referrer: str | None = None
    device_type: str | None = None

    @property
    def visitor(self) -> Visitor:
        return Visitor(self.lead, self.session_id)


class Stayed(msgspec.Struct, frozen=True, array_like=True, tag="stay"):
    """How long the latest view of this product lasted, or exactly this view."""

    at: Moment
    lead: str | None
    session_id: str | None
    product_id: str
    seconds: Annotated[int, Meta(ge=0, lt=2**31)]
    view_id: UUID | None = None

    @property
    def visitor(self) -> Visitor:
        return Visitor(self.lead, self.session_id)


Told = Viewed | Stayed
Portion = redis_stream.Portion[Told]
VIEWS: RedisStream[Told] = RedisStream("views", b"told", Told, DRAIN, measures.VIEWS)
note, flush, is_waiting, first = VIEWS.note, VIEWS.flush, VIEWS.is_waiting, VIEWS.first
oldest_at = VIEWS.oldest_at


def early() -> list[Stayed]:
    found: Any = redis_connection().lrange(EARLY, 0, AT_ONCE - 1)
    return [msgspec.msgpack.decode(one, type=Stayed) for one in found]


def forget(portion: Portion, tried: Sequence[Stayed] = (), left: Sequence[Stayed] = ()) -> None:
    """Once what it says is committed; stays that were tried again are gone, those that found no view wait on."""
    with redis_connection().pipeline() as asked:
        VIEWS.leave(asked, portion)
        if tried:
            asked.ltrim(EARLY, len(tried), -1)
        if left:
            asked.rpush(EARLY, *map(msgspec.msgpack.encode, left))
            asked.ltrim(EARLY, -MOST_EARLY, -1)
            asked.expire(EARLY, EARLY_KEPT)
        asked.execute()


def put_aside(portion: Portion) -> None:
    """What the database refuses, whatever we do."""
    refused = [msgspec.msgpack.encode(one) for one in portion.seen]
    forget(redis_stream.Portion(portion.ids, [], [*portion.odd, *refused]))
