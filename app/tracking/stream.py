"""Where hits wait between the request that they came with and the database: a stream in Redis."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from multiprocessing.util import Finalize
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta
from redis import Redis

from app.queue import redis_connection, ringer
from app.tracking.buffer import Buffer
from app.tracking.hit import KINDS

STREAM, ODD = "campus:hits", "campus:hits:odd"
LONGEST = 5_000_000  # hits, 0.9 GB: what nobody drains must not fill Redis
LONGEST_ODD = 1_000
LONGEST_AGENT = 300
FIELD = b"hit"
DRAIN = "tracking.drain"
RINGS_EVERY = 1.0  # seconds


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """One hit as a door saw it; `at` in seconds since 1970. Who and which run: the delivery knows."""

    id: UUID
    kind: Annotated[str, Meta(pattern=f"^({'|'.join(KINDS)})$")]
    at: Annotated[float, Meta(ge=0, le=2**33)]
    delivery_id: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    place: Annotated[int, Meta(ge=0, lt=2**15)] | None = None
    method: str = "GET"
    agent: str = ""


@dataclass(frozen=True)
class Portion:
    """The oldest of the stream; `odd` are those that nobody can read."""

    ids: list[bytes]
    seen: list[Seen]
    odd: list[bytes]


def note(seen: Seen) -> None:
    """Never raises: whoever follows a link gets where it leads, whatever becomes of our counting."""
    with contextlib.suppress(Exception):
        _buffer(redis_connection()).add(msgspec.msgpack.encode(_cut(seen)))


def flush() -> bool:
    """What this process has in hand goes to Redis now, not a moment later."""
    return _buffer(redis_connection()).flush()


def is_waiting() -> bool:
    return bool(redis_connection().xlen(STREAM))


def first(most: int) -> Portion:
    found: Any = redis_connection().xrange(STREAM, count=most)
    portion = Portion([entry for entry, _ in found], [], [])
    for _, fields in found:
        raw = fields.get(FIELD, b"")
        try:
            portion.seen.append(msgspec.msgpack.decode(raw, type=Seen))
        except (msgspec.DecodeError, UnicodeDecodeError):
            portion.odd.append(raw)
    return portion


def forget(portion: Portion) -> None:
    """Once what it says is committed. What could not be read steps aside, for somebody to look at."""
    with redis_connection().pipeline() as asked:
        if portion.odd:
            asked.rpush(ODD, *portion.odd)
            asked.ltrim(ODD, -LONGEST_ODD, -1)
        asked.xdel(STREAM, *portion.ids)
        asked.execute()


def _cut(seen: Seen) -> Seen:
    if len(seen.agent) <= LONGEST_AGENT:
        return seen
    return msgspec.structs.replace(seen, agent=seen.agent[:LONGEST_AGENT])


@cache
def _buffer(redis: Redis) -> Buffer:
    buffer = Buffer(_handing_over(redis, ringer(DRAIN)))
    # Not atexit: a worker of a web server is a child of multiprocessing, which knows only its own last words.
    Finalize(None, buffer.flush, exitpriority=1)
    return buffer


# A child has its parent's buffer, but not the thread that empties it.
os.register_at_fork(after_in_child=_buffer.cache_clear)


def _handing_over(redis: Redis, ring: Callable[[], None]) -> Callable[[Iterable[bytes]], None]:
    rung = 0.0

    def hand_over(some: Iterable[bytes]) -> None:
        nonlocal rung
        with redis.pipeline(transaction=False) as asked:
            for hit in some:
                asked.xadd(STREAM, {FIELD: hit}, maxlen=LONGEST, approximate=True)
            asked.execute()
        if time.monotonic() - rung >= RINGS_EVERY:
            rung = time.monotonic()
            ring()

    return hand_over
