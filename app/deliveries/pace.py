"""How fast the provider may be called: one bucket for each account, shared by all workers, kept in Redis.

It starts slowly and follows what the provider says of its limits; a mail server says nothing, so SMTP_URL does, and SES
says it only when it is asked.
A place close at hand is slept for; whoever must wait longer is told when to come, each a little later than the one
before. Without Redis nobody knows who else calls.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from redis.exceptions import RedisError

from app import running
from app.claims import NotYet
from app.queue import redis_connection

UNPACED = ("outbox",)
AT_FIRST = 2  # calls a second, until the provider says more
UNLIMITED = 1_000  # calls a second where nobody sets a limit: more than the workers of one machine can do
SHARE = 0.95  # of the limit: its windows and ours do not begin together
SLACK = timedelta(milliseconds=40)  # that a call may come late without losing its place
PATIENCE = timedelta(milliseconds=250)
URGENT = timedelta(seconds=5)  # the patience of a call that somebody waits for: it gets the next place
LATEST = timedelta(seconds=15)  # nobody is told to come later than this: the pace may have risen meanwhile
LONGEST = timedelta(seconds=60)  # that one answer can hold all calls up
SAID = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after")
CLOSED = timedelta(seconds=2)
QUOTA_KEPT = timedelta(hours=1)
ASKED = timedelta(minutes=5)  # for so long an answer is good, and so long it is before another try to get one

# Times are microseconds of Redis' own clock. `next`: the first free place; `told`: the last one that was promised.
TAKE = """
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local kept = redis.call('HMGET', KEYS[1], 'rate', 'next', 'held', 'told')
    local apart = 1000000 / tonumber(kept[1] or ARGV[1])
    local free = math.max(tonumber(kept[2] or 0), tonumber(kept[3] or 0), now - ARGV[2])
    if free - now <= tonumber(ARGV[3]) then
      redis.call('HSET', KEYS[1], 'next', string.format('%.0f', free + apart))
      redis.call('PEXPIRE', KEYS[1], 3600000)
      return math.max(0, math.ceil(free - now))
    end
    local told = math.min(math.max(free, tonumber(kept[4] or 0) + apart), now + math.max(free - now, ARGV[4]))
    redis.call('HSET', KEYS[1], 'told', string.format('%.0f', told))
    return -math.ceil(told - now)
"""
# The window is the longest time to a reset that was ever said with this limit, but no less than a second.
HEARD = """
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local limit, remaining, wait = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4])
    local reset = math.min(ARGV[3], ARGV[6])
    local kept = redis.call('HMGET', KEYS[1], 'limit', 'window', 'held')
    if limit > 0 then
      local window = math.max(1, reset)
      if tonumber(kept[1] or 0) == limit then
        window = math.max(window, tonumber(kept[2]))
      else
        redis.call('HDEL', KEYS[1], 'told')
      end
      redis.call('HSET', KEYS[1], 'limit', limit, 'window', window, 'rate', limit * ARGV[5] / window)
      if remaining == 0 and reset > 1 then wait = math.max(wait, reset) end
    end
    if wait > 0 then
      local held = math.max(now + math.min(wait, ARGV[6]) * 1000000, tonumber(kept[3] or 0))
      redis.call('HSET', KEYS[1], 'held', string.format('%.0f', held))
    end
    redis.call('PEXPIRE', KEYS[1], 3600000)
"""


def take(name: str, patience: timedelta = PATIENCE) -> None:
    """A place for one call, now or after a short sleep. Raises NotYet."""
    if name in UNPACED:
        return
    wait = _asked(name, patience)
    if wait < 0:
        raise NotYet("As many calls as the provider allows are on their way.", timedelta(microseconds=-wait))
    time.sleep(wait / 1_000_000)


def heard(name: str, headers: Mapping[str, str]) -> None:
    """What the provider says of its limits with each answer. Lost where Redis is away: the next one repeats it."""
    numbers = [_number(headers, said) for said in SAID]
    limit, wait = numbers[0], numbers[-1]
    if not (limit or wait):
        return
    try:
        arguments = [*numbers, SHARE, LONGEST.total_seconds()]
        redis_connection().register_script(HEARD)(keys=[_key(name)], args=arguments)
    except (RedisError, OSError):
        return


def rate(name: str) -> float | None:
    """Calls a second, as the provider allowed them last; None: it has said nothing for an hour, or Redis is away."""
    try:
        kept: Any = redis_connection().hget(_key(name), "rate")
    except (RedisError, OSError):
        return None
    return float(kept) if kept else None


def note_quota(name: str, used: float, most: float) -> None:
    """How much of what a day allows is used, where the provider says so."""
    try:
        redis_connection().set(f"{_key(name)}:quota", f"{used:.0f} {most:.0f}", ex=QUOTA_KEPT)
    except (RedisError, OSError):
        return


def quota(name: str) -> tuple[float, float] | None:
    """Used, and allowed in a day; None: it has not said so lately, or Redis is away."""
    try:
        kept: Any = redis_connection().get(f"{_key(name)}:quota")
    except (RedisError, OSError):
        return None
    used, _, most = kept.decode().partition(" ") if kept else ("", "", "")
    return (float(used), float(most)) if most else None


def is_to_be_asked(name: str) -> bool:
    """By whoever comes first, for all workers."""
    try:
        return bool(redis_connection().set(f"{_key(name)}:asked", 1, nx=True, ex=ASKED))
    except (RedisError, OSError):
        return False


def at_first(name: str) -> float:
    """Calls a second of one that has said nothing yet."""
    server = running.config().mail_server
    if name != "smtp" or server is None:
        return AT_FIRST
    return SHARE * server.rate.most / server.rate.seconds if server.rate else UNLIMITED


def _asked(name: str, patience: timedelta) -> int:
    try:
        arguments = [at_first(name), _us(SLACK), _us(patience), _us(LATEST)]
        return int(redis_connection().register_script(TAKE)(keys=[_key(name)], args=arguments))
    except (RedisError, OSError):
        raise NotYet("Redis, which keeps the pace of sending, is away.", CLOSED) from None


def _key(name: str) -> str:
    return f"campus:pace:{name}"


def _us(time: timedelta) -> int:
    return time // timedelta(microseconds=1)


def _number(headers: Mapping[str, str], name: str) -> int:
    """0 where it is not said, or not in a number."""
    written = headers.get(name, "")
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 10 else 0
