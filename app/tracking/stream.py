"""Where hits wait between the request that they came with and the database: a stream in Redis."""

from __future__ import annotations

from uuid import UUID

import msgspec

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
