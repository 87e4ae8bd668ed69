"""Who is there: every listener and every tick says so in Redis as it turns, and is forgotten when it stops to."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass
from typing import cast

from redis import Redis

KEY = "campus:present"
GONE_AFTER = 40  # seconds; an idle listener says so every 15


@dataclass(frozen=True)
class Present:
    what: str  # a queue, or the tick
    host: str
    pid: int

    @property
    def written(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)


def here(what: str, pid: int) -> Present:
    return Present(what, socket.gethostname(), pid)


def say(redis: Redis, who: Present) -> None:
    redis.zadd(KEY, {who.written: _now(redis)})


def leave(redis: Redis, who: Present) -> None:
    redis.zrem(KEY, who.written)


def everybody(redis: Redis) -> list[Present]:
    now = _now(redis)
    redis.zremrangebyscore(KEY, "-inf", now - GONE_AFTER)
    found = cast(list[bytes], redis.zrange(KEY, 0, -1))
    return [Present(**json.loads(written)) for written in found]


def _now(redis: Redis) -> int:
    # Its own clock: those of the machines may differ by more than we allow for.
    return int(redis.time()[0])
