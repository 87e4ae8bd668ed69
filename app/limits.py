"""So many calls in so much time, per caller: counted in Redis by fixed windows. Without Redis nobody is stopped."""

from __future__ import annotations

import ipaddress
import time

from flask import current_app
from redis.exceptions import RedisError

from app.environment import Limit
from app.queue import redis_connection

# Of callers from elsewhere; those from this machine have none.
UNLESS_SAID = {"api": Limit(6_000, 60), "track": Limit(600, 60), "sign-up": Limit(10, 60)}


def seconds_to_wait(what: str, caller: str, is_from_here: bool) -> int:
    """0: go on."""
    said: Limit | None = current_app.extensions["config"].limits.get(what)
    if said is None and is_from_here:
        return 0
    return _counted(what, caller, said or UNLESS_SAID[what])


def _counted(what: str, caller: str, limit: Limit) -> int:
    now = int(time.time())
    window = now // limit.seconds
    name = f"campus:limit:{what}:{caller}:{window}"
    try:
        with redis_connection().pipeline(transaction=False) as asked:
            asked.incr(name)
            asked.expire(name, limit.seconds + 1)
            count = asked.execute()[0]
    except (RedisError, OSError):
        return 0
    return 0 if count <= limit.most else (window + 1) * limit.seconds - now


def is_here(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "127.0.0.1").is_loopback
    except ValueError:
        return False
