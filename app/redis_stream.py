"""What a request tells waits in a stream in Redis until a worker takes it into the database, in sets.

Whoever empties it commits first and forgets then: a thing may come twice, and is known by its id.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.util import Finalize
from typing import Any, Generic, TypeVar

import msgspec
from prometheus_client import Counter
from redis import Redis
from redis.client import Pipeline

from app.buffer import Buffer
from app.queue import redis_connection, ringer

LONGEST = 5_000_000  # things, 0.9 GB of hits: what nobody drains must not fill Redis
LONGEST_ODD = 1_000
ODD_KEPT = 7 * 24 * 3600  # seconds: it may name people
RINGS_EVERY = 1.0  # seconds

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Portion(Generic[Thing]):
    """The oldest of the stream; `odd` are those that nobody can read."""

    ids: list[bytes]
    seen: list[Thing]
    odd: list[bytes]


class RedisStream(Generic[Thing]):
    """`called`: what it holds, in the plural; `field`: of each entry; `job`: whose bell is rung."""

    def __init__(self, called: str, field: bytes, shape: Any, job: str, counted: Counter) -> None:
        self.called, self.field, self.job, self.counted = called, field, job, counted
        self.name, self.aside = f"campus:{called}", f"campus:{called}:odd"
        self._decoder = msgspec.msgpack.Decoder(shape)
        self._buffers: dict[Redis, Buffer] = {}
        # A child has its parent's buffer, but not the thread that empties it.
        os.register_at_fork(after_in_child=self._buffers.clear)

    def note(self, thing: Thing) -> None:
        """Never raises: whoever asks is answered, whatever becomes of our counting."""
        with contextlib.suppress(Exception):
            self._buffer().add(msgspec.msgpack.encode(thing))

    def flush(self) -> bool:
        """What this process has in hand goes to Redis now, not a moment later."""
        return self._buffer().flush()

    def is_waiting(self) -> bool:
        return bool(redis_connection().xlen(self.name))

    def oldest_at(self) -> datetime | None:
        """Since when whatever has waited longest waits."""
        found: Any = redis_connection().xrange(self.name, count=1)
        return datetime.fromtimestamp(int(found[0][0].split(b"-")[0]) / 1000, UTC) if found else None

    def first(self, most: int) -> Portion[Thing]:
        found: Any = redis_connection().xrange(self.name, count=most)
        portion: Portion[Thing] = Portion([entry for entry, _ in found], [], [])
        for _, fields in found:
            raw = fields.get(self.field, b"")
            try:
                portion.seen.append(self._decoder.decode(raw))
            except (msgspec.DecodeError, UnicodeDecodeError):
                portion.odd.append(raw)
        return portion

    def forget(self, portion: Portion[Thing]) -> None:
        """Once what it says is committed. What could not be read steps aside, for somebody to look at."""
        with redis_connection().pipeline() as asked:
            self.leave(asked, portion)
            asked.execute()

    def leave(self, asked: Pipeline, portion: Portion[Thing]) -> None:
        if portion.odd:
            asked.rpush(self.aside, *portion.odd)
            asked.ltrim(self.aside, -LONGEST_ODD, -1)
            asked.expire(self.aside, ODD_KEPT)
        asked.xdel(self.name, *portion.ids)

    def _buffer(self) -> Buffer:
        redis = redis_connection()
        if redis not in self._buffers:
            self._buffers.setdefault(redis, self._made(redis))
        return self._buffers[redis]

    def _made(self, redis: Redis) -> Buffer:
        buffer = Buffer(self._handing_over(redis, ringer(self.job)), self.called, self.counted)
        # Not atexit: a worker of a web server is a child of multiprocessing, which knows only its own last words.
        Finalize(None, buffer.flush, exitpriority=1)
        return buffer

    def _handing_over(self, redis: Redis, ring: Callable[[], None]) -> Callable[[Iterable[bytes]], None]:
        rung = 0.0

        def hand_over(some: Iterable[bytes]) -> None:
            nonlocal rung
            with redis.pipeline(transaction=False) as asked:
                for thing in some:
                    asked.xadd(self.name, {self.field: thing}, maxlen=LONGEST, approximate=True)
                asked.execute()
            if time.monotonic() - rung >= RINGS_EVERY:
                rung = time.monotonic()
                ring()

        return hand_over
