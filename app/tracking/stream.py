"""Where hits wait between the request that they came with and the database: a stream in Redis."""

from __future__ import annotations

import contextlib
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from app import measures, redis_stream
from app.redis_stream import RedisStream
from app.tracking.hit import KINDS

LONGEST_AGENT = 300
DRAIN = "tracking.drain"


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """One hit as a door saw it; `at` in seconds since 1970. Who and which run: the delivery knows."""

    id: UUID
    kind: Annotated[str, Meta(pattern=f"^({'|'.join(KINDS)})$")]
    at: Annotated[float, Meta(ge=0, le=2**33)]
    delivery_id: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    place: Annotated[int, Meta(ge=0, lt=2**15)] | None = None
    method: str = "GET"
    agent: str = ""


Portion = redis_stream.Portion[Seen]
HITS: RedisStream[Seen] = RedisStream("hits", b"hit", Seen, DRAIN, measures.HITS)
STREAM, ODD = HITS.name, HITS.aside
flush, is_waiting, first, forget = HITS.flush, HITS.is_waiting, HITS.first, HITS.forget


def note(seen: Seen) -> None:
    """Never raises: whoever follows a link gets where it leads, whatever becomes of our counting."""
    with contextlib.suppress(Exception):
        HITS.note(_cut(seen))


def _cut(seen: Seen) -> Seen:
    if len(seen.agent) <= LONGEST_AGENT:
        return seen
    return msgspec.structs.replace(seen, agent=seen.agent[:LONGEST_AGENT])
