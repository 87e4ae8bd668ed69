"""Where hits wait between the request that they came with and the database: a stream in Redis."""

from __future__ import annotations

import contextlib
from uuid import UUID

import msgspec
from redis.exceptions import RedisError

from app.queue import redis_connection

STREAM = "campus:hits"
LONGEST_AGENT = 300


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """One hit as a door saw it; `at` in seconds since 1970. Who and which run: the delivery knows."""

    id: UUID
    kind: str
    at: float
    delivery_id: int
    place: int | None = None
    method: str = "GET"
    agent: str = ""


def note(seen: Seen) -> None:
    """Never raises: whoever follows a link gets where it leads, whatever becomes of our counting."""
    with contextlib.suppress(RedisError, OSError):
        redis_connection().xadd(STREAM, {"hit": msgspec.msgpack.encode(seen)})
