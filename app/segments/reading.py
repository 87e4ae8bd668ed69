"""The statement of an audience to read: the values stand in their places. Nothing runs what is made here."""

from __future__ import annotations

import re

from psycopg import sql

from app.segments.audience import Audience

LONGEST = 200  # of a value; a list of ids may have millions of characters
PLACE = re.compile(r"(?<!:):(\w+)")


def of(audience: Audience) -> str:
    return PLACE.sub(lambda found: _value(audience, found), audience.sql)


def _value(audience: Audience, found: re.Match[str]) -> str:
    if found[1] not in audience.said:
        return found[0]
    value = audience.said[found[1]]
    if isinstance(value, str) and len(value) > LONGEST:
        value = f"{value[:LONGEST]} … and {len(value) - LONGEST:,} more characters"
    return sql.Literal(value).as_string(None)
