"""Does the wall stand? Until it does, SQL segments refuse: they would run with more than the rights they need."""

from __future__ import annotations

import time
from typing import Any

import psycopg
from sqlalchemy import text

from app.db import db, wall_url
from app.segments.unavailable import Unavailable
from app.segments.wall import login
from app.segments.wall.views import SCHEMA

KEPT = 300.0  # seconds for which one good answer is enough
OFF = "SQL segments are switched off: {} Whoever runs the server sets them up with “flask sql-wall”."
HARMLESS = ("random", "random_normal", "clock_timestamp", "gen_random_uuid", "array_sample", "array_shuffle")

# Each line is one way in; all of them must be empty. :role is the login, asked of the catalogs with the app's eyes.
WAYS = text(
    """
    SELECT 'The login is a superuser, inherits, or may make things.' FROM pg_roles
     WHERE rolname = :role AND (rolsuper OR rolinherit OR rolcreaterole OR rolcreatedb OR rolreplication
                                OR rolbypassrls OR rolconnlimit NOT BETWEEN 1 AND 20)
    UNION ALL
    SELECT 'The login is a member of ' || roleid::regrole || '.' FROM pg_auth_members
     WHERE member = to_regrole(quote_ident(:role))
    UNION ALL
    SELECT 'It may make things in the database.' FROM pg_database
     WHERE datname = current_database()
       AND (has_database_privilege(:role, oid, 'CREATE') OR has_database_privilege(:role, oid, 'TEMPORARY'))
    UNION ALL
    SELECT 'It reaches the schema ' || nspname || '.' FROM pg_namespace
     WHERE nspname !~ '^pg_(temp|toast)'
       AND ((nspname NOT IN ('reporting', 'pg_catalog') AND has_schema_privilege(:role, oid, 'USAGE'))
            OR has_schema_privilege(:role, oid, 'CREATE'))
    UNION ALL
    SELECT 'It may read ' || c.oid::regclass || '.' FROM pg_class c
     WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p', 'S')
       AND c.relnamespace::regnamespace::text NOT IN ('reporting', 'information_schema')
       AND (CASE c.relkind WHEN 'S' THEN has_sequence_privilege(:role, c.oid, 'SELECT, USAGE, UPDATE')
            ELSE has_table_privilege(:role, c.oid, 'SELECT') OR has_any_column_privilege(:role, c.oid, 'SELECT') END)
    UNION ALL
    SELECT 'It may change ' || c.oid::regclass || '.' FROM pg_class c
     WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND c.relnamespace::regnamespace::text <> 'information_schema'
       AND (has_table_privilege(:role, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
            OR has_any_column_privilege(:role, c.oid, 'INSERT, UPDATE, REFERENCES'))
    UNION ALL
    SELECT 'It may call ' || p.oid::regprocedure || '.' FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE has_function_privilege(:role, p.oid, 'EXECUTE')
       AND (CASE WHEN n.nspname = 'pg_catalog'
                 THEN (p.provolatile = 'v' AND NOT p.proname = ANY (:harmless))
                      OR (p.proname ~ '^pg_' AND p.proname <> 'pg_typeof') OR p.proname ~ '_to_xml'
                      OR p.proname IN ('current_setting', 'repeat', 'lpad', 'rpad', 'array_fill', 'format')
                 ELSE n.nspname = 'reporting' END)
    UNION ALL
    SELECT 'It may write programs in ' || lanname || '.' FROM pg_language
     WHERE has_language_privilege(:role, oid, 'USAGE') AND lanpltrusted
    UNION ALL
    SELECT 'The view ' || c.relname || ' has no barrier or is not the application’s.' FROM pg_class c
     WHERE c.relnamespace = to_regnamespace('reporting')
       AND (c.relkind <> 'v' OR NOT 'security_barrier=true' = ANY (coalesce(c.reloptions, '{}'))
            OR c.relowner <> to_regrole(quote_ident(current_user)))
    """
)
COLUMNS = text(
    """
    SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = to_regnamespace('reporting') AND a.attnum > 0
       AND has_table_privilege(:role, c.oid, 'SELECT')
    """
)
SAME = text(
    "SELECT count(*) FROM pg_stat_activity WHERE pid = :pid AND usename = :role AND datname = current_database()"
)
# What a session has to begin with, however it is asked.
LIMITS: dict[str, tuple[float, float]] = {
    "statement_timeout": (1, 10_000),  # ms
    "lock_timeout": (1, 10_000),
    "idle_in_transaction_session_timeout": (1, 60_000),
    "temp_file_limit": (0, 1024 * 1024),  # kB
    "work_mem": (64, 64 * 1024),
}
UNITS = {"ms": 1, "s": 1000, "min": 60_000, "kB": 1, "MB": 1024, "GB": 1024 * 1024}
_good_until: dict[str, float] = {}


def refuse_unless_standing() -> None:
    url = wall_url() or ""
    if _good_until.get(url, 0) > time.monotonic():
        return
    if wrong := test():
        raise Unavailable(OFF.format(wrong[0]))
    _good_until[url] = time.monotonic() + KEPT


def forget() -> None:
    _good_until.clear()


def test() -> list[str]:
    """What is wrong with the wall; nothing when it stands."""
    if not wall_url():
        return ["SQL_WALL_DATABASE_URL is not set."]
    try:
        with login.connect() as connection:
            return _wrong(connection)
    except psycopg.Error as error:
        said = str(error).strip().splitlines() or ["it gave no reason"]
        return [f"The login of SQL_WALL_DATABASE_URL does not work ({said[-1].strip()})."]


def _wrong(connection: psycopg.Connection) -> list[str]:
    role = connection.info.user
    db.session.execute(text("SELECT pg_stat_clear_snapshot()"))  # who is there now, not when this transaction began
    if not db.session.scalar(SAME, {"pid": connection.info.backend_pid, "role": role}):
        return ["SQL_WALL_DATABASE_URL leads to another database than DATABASE_URL."]
    ways = db.session.scalars(WAYS, {"role": role, "harmless": list(HARMLESS)})
    return [*ways, *_views(role), *_limits(connection)]


def _views(role: str) -> list[str]:
    there = {(row[0], row[1]) for row in db.session.execute(COLUMNS, {"role": role})}
    wanted = {(view.name, column.name) for view in SCHEMA for column in view.columns}
    missing = sorted({name for name, _ in wanted - there})
    more = sorted(f"{name}.{column}" for name, column in there - wanted)
    said = [f"It cannot read all of {', '.join(missing)}: run “flask db upgrade”."] if missing else []
    return said + ([f"It may read {', '.join(more)}."] if more else [])


def _limits(connection: psycopg.Connection) -> list[str]:
    shown = {name: _shown(connection, name) for name in (*LIMITS, "search_path", "default_transaction_read_only")}
    said = [
        f"Its {name} is {shown[name]}."
        for name, (least, most) in LIMITS.items()
        if not least <= _number(shown[name]) <= most
    ]
    if shown["search_path"] != "reporting":
        said.append("Its search_path is not reporting alone.")
    if shown["default_transaction_read_only"] != "on":
        said.append("Its transactions are not read-only.")
    return said


def _shown(connection: psycopg.Connection, name: str) -> str:
    row: Any = connection.execute(f"SHOW {name}".encode()).fetchone()
    return str(row[0])


def _number(shown: str) -> float:
    digits = shown.rstrip("abcdefghijklmnopqrstuvwxyzMGTB")
    return float(digits) * UNITS.get(shown[len(digits) :], 1)
