"""Where the links of a version lead. They never change: kept in each process, in Redis for a cold one, and as rows.

So whoever follows a link needs no database.
"""

from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import quote, unquote_plus

import msgspec
from redis.exceptions import RedisError
from sqlalchemy import exc, select

from app.content import addresses
from app.content.template import Link
from app.db import db
from app.queue import redis_connection

KEPT = 90 * 24 * 3600  # seconds in Redis after a version was last sent or followed
VERSIONS = 1_000  # that a process keeps
MOVES = re.compile(r"\{[{%#]")  # it is another address for each person

Targets = tuple[str, ...]


class Away(Exception):
    """Nobody who knows the links answers."""


def of(version_id: int) -> Targets:
    """By place; empty where a link leads to no page, or not everybody to the same one."""
    rows = db.session.execute(select(Link.place, Link.href).where(Link.version_id == version_id))
    said = {row.place: row.href for row in rows}
    return tuple(_fit(said.get(place, "")) for place in range(max(said, default=-1) + 1))


def mark(targets: Targets) -> int:
    """It stands in each mail: after a restore the numbers of versions come again, with other links."""
    return zlib.crc32("\n".join(targets).encode())


def keep(version_id: int, targets: Targets) -> None:
    with contextlib.suppress(RedisError, OSError):
        redis_connection().set(_name(version_id, mark(targets)), msgspec.json.encode(targets), ex=KEPT)


@lru_cache(VERSIONS)
def kept(version_id: int, marked: int) -> Targets | None:
    """Raises Away; None where these are not the links of this version."""
    if (found := _in_redis(_name(version_id, marked))) is not None:
        return found
    try:
        targets = of(version_id)
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError):
        raise Away from None
    if mark(targets) != marked:
        return None
    keep(version_id, targets)
    return targets


def tagged(target: str, always: Mapping[str, str], absent: Mapping[str, str]) -> str:
    """With these in its query, which otherwise stays letter for letter; what is `absent` is only added where it is."""
    whole, hash_, fragment = target.partition("#")
    page, _, query = whole.partition("?")
    said = [(_called(one), one) for one in query.split("&")] if query else []
    kept = [one for name, one in said if name not in always]
    kept += _written((absent.keys() - {name for name, _ in said}), absent)
    return f"{page}?{'&'.join([*kept, *_written(always, always)])}{hash_}{fragment}"


def _called(part: str) -> str:
    return unquote_plus(part.partition("=")[0])


def _written(names: Iterable[str], values: Mapping[str, str]) -> list[str]:
    return [f"{name}={quote(values[name], safe='')}" for name in values if name in names]


def _fit(href: str) -> str:
    target = "" if MOVES.search(href) else addresses.whole(href)
    return target if addresses.leads_somewhere(target, addresses.PICTURES) else ""


def _in_redis(name: str) -> Targets | None:
    with contextlib.suppress(RedisError, OSError, msgspec.DecodeError):
        if found := redis_connection().getex(name, ex=KEPT):
            return msgspec.json.decode(found, type=tuple[str, ...])
    return None


def _name(version_id: int, marked: int) -> str:
    return f"campus:links:{version_id}:{marked}"
