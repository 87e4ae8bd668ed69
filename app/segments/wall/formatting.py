"""SQL in a shape that reads well. What cannot be put into shape stays as it was written."""

from __future__ import annotations

import sqlglot
from sqlglot.errors import SqlglotError


def formatted(sql: str) -> str:
    try:
        written = sqlglot.parse(sql, read="postgres")
        pretty = ";\n".join(part.sql("postgres", pretty=True) for part in written if part)
        is_same = sqlglot.parse(pretty, read="postgres") == written
    except (SqlglotError, RecursionError, ValueError):
        return sql
    return pretty if is_same and pretty else sql
