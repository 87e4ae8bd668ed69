"""Indexes and foreign keys step aside for a large load and come back exactly as the catalogue describes them.

Only the migrations know how an index looks. What was taken away is written down (see `progress`) before it goes, in
the same transaction, so that a killed load knows what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg
from psycopg import sql

TABLES = ("customers", "attribute_changes", "funnel_events", "events")
WORKERS = 2

# Primary keys stay: others refer to them, and rising ids cost them little.
INDEXES = """
    SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
      FROM pg_index
     WHERE indrelid = ANY (%s::text[]::regclass[]) AND NOT indisprimary
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('u', 'x'))
     ORDER BY name
"""
FOREIGN_KEYS = """
    SELECT conrelid::regclass::text AS table, conname AS name, pg_get_constraintdef(oid) AS definition
      FROM pg_constraint
     WHERE conrelid = ANY (%s::text[]::regclass[]) AND contype = 'f' AND conparentid = 0
     ORDER BY name
"""


def step(connection: psycopg.Connection) -> list[str]:
    """Drops them; returns the statements that bring them back."""
    tables = list(TABLES)
    keys = connection.execute(FOREIGN_KEYS, [tables]).fetchall()
    indexes = connection.execute(INDEXES, [tables]).fetchall()
    for table, name, _ in keys:
        connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(_as_is(table), sql.Identifier(name)))
    for name, _ in indexes:
        connection.execute(sql.SQL("DROP INDEX {}").format(_as_is(name)))
    return [_index(definition) for _, definition in indexes] + [_key(*key) for key in keys]


def missing(connection: psycopg.Connection, wanted: Sequence[str]) -> list[str]:
    tables = list(TABLES)
    present = {_key(*key) for key in connection.execute(FOREIGN_KEYS, [tables])}
    present |= {_index(definition) for _, definition in connection.execute(INDEXES, [tables])}
    return [statement for statement in wanted if statement not in present]


def back(url: str, wanted: Sequence[str]) -> None:
    """Builds what is missing, two at a time; the longest first, so that no core waits for the last one."""
    with psycopg.connect(url, autocommit=True) as connection:
        statements = sorted(missing(connection, wanted), key=_rank)
    with ThreadPoolExecutor(WORKERS) as workers:
        list(workers.map(lambda statement: _build(url, statement), statements))


def _build(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET maintenance_work_mem = '256MB'")
        connection.execute("SET max_parallel_maintenance_workers = 0")  # two builds share the cores already
        connection.execute(statement.encode())


def _rank(statement: str) -> tuple[bool, bool, bool, str]:
    """Foreign keys last: they need ACCESS EXCLUSIVE on a table whose indexes are being built."""
    return statement.startswith("ALTER"), "gin_trgm_ops" not in statement, " events " not in statement, statement


def _index(definition: str) -> str:
    # ON ONLY is how the catalogue prints the parent's index; without it the months get theirs too.
    return re.sub(r" ON ONLY ", " ON ", definition.replace(" ON public.", " ON ").replace(" ON ONLY public.", " ON "))


def _key(table: str, name: str, definition: str) -> str:
    return f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}'


def _as_is(quoted: str) -> sql.SQL:
    """Names that regclass has quoted already."""
    return sql.SQL(quoted)
