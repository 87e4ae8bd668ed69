"""One question to the wall's login: looked at alone first, then run inside ours.

Alone, the server takes exactly one whole statement (the extended protocol knows no second one), so nothing in it can
close our brackets; and it says what the columns are before anything has run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.pq import ExecStatus

from app.segments.unavailable import Unavailable
from app.segments.wall import login, saying, standing

LONGEST = 20_000  # characters
MOST = 5_000_000  # rows
WIDEST = 30  # columns of the first rows
WHOLE_NUMBERS = {20, 21, 23}  # bigint, smallint, integer
IDS = "SELECT array_agg(q.id) FROM (SELECT q.id FROM (\n"
SOME = "SELECT {} FROM (\n"


@dataclass(frozen=True)
class Rows:
    columns: list[str]
    rows: list[tuple[str | None, ...]]


@dataclass(frozen=True)
class Asked:
    columns: list[str]
    types: list[int]


def ids(sql: str) -> list[Any]:
    """All of the first column, NULLs and repetitions included."""
    standing.refuse_unless_standing()
    sql = _taken(sql)
    with login.reading() as connection, saying.worded(sql, len(IDS)):
        asked = _looked_at(connection, sql)
        _refuse_other_than_ids(asked)
        found = _run(connection, f"{IDS}{sql}\n) AS q (id) LIMIT {MOST + 1}) AS q")[0][0] or []
    if len(found) > MOST:
        raise Unavailable(f"It finds more than {MOST:,} rows. Narrow it down.")
    return list(found)


def first_rows(sql: str, most: int = 20) -> Rows:
    """As texts, each cut where it gets long."""
    standing.refuse_unless_standing()
    sql = _taken(sql)
    with login.reading() as connection:
        with saying.worded(sql, 0):
            asked = _looked_at(connection, sql)
        names = [f"c{number}" for number in range(len(asked.columns))]
        head = SOME.format(", ".join(f'"left"(q.{name}::text, 200)' for name in names[:WIDEST]))
        with saying.worded(sql, len(head)):
            rows = _run(connection, f"{head}{sql}\n) AS q ({', '.join(names)}) LIMIT {most}")
    return Rows(asked.columns[:WIDEST], rows)


def _taken(sql: str) -> str:
    """Their text, with a blank for a semicolon at its end: every position stays what it was."""
    if not sql.strip():
        raise Unavailable("There is no SQL yet. Start with SELECT id FROM customers.", 1, 1)
    if len(sql) > LONGEST:
        raise Unavailable(f"This SQL is longer than {LONGEST:,} characters.")
    if re.search("[\x00\ud800-\udfff]", sql):
        raise Unavailable("There is a character in it that no text may contain.")
    return saying.without_last_semicolon(sql)


def _looked_at(connection: psycopg.Connection, sql: str) -> Asked:
    server = connection.pgconn
    with saying.worded(sql, 0):
        _refuse_failed(server.prepare(b"", sql.encode()))
        told = server.describe_prepared(b"")
        _refuse_failed(told)
    if told.nparams:
        raise Unavailable("A value is missing: $1 and the like stand for nothing here.")
    if not told.nfields:
        raise saying.no_question(sql)
    names = [(told.fname(number) or b"").decode() for number in range(told.nfields)]
    return Asked(names, [told.ftype(number) for number in range(told.nfields)])


def _refuse_failed(result: psycopg.pq.abc.PGresult) -> None:
    if result.status not in {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK}:
        raise psycopg.errors.error_from_result(result)


def _refuse_other_than_ids(asked: Asked) -> None:
    if asked.types[0] not in WHOLE_NUMBERS:
        known = psycopg.adapters.types.get(asked.types[0])
        what = f", of the type {known.name}" if known else ""
        raise Unavailable(f"The first column is “{asked.columns[0]}”{what}. It has to be the id of customers.")


def _run(connection: psycopg.Connection, statement: str) -> list[tuple[Any, ...]]:
    # Binary results make it the extended protocol, which runs one statement at most.
    return connection.cursor(binary=True).execute(statement.encode()).fetchall()
