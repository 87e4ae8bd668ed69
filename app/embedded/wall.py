"""The login of SQL segments, and what it may see of a database: the same script that `flask sql-wall` prints."""

from __future__ import annotations

from pathlib import Path

import psycopg
from psycopg import sql

ROLE = "campus_wall"
SCRIPTS = Path(__file__).resolve().parents[1] / "segments" / "wall"


def settle_role(connection: psycopg.Connection, password: str, role: str = ROLE) -> None:
    connection.execute(_script("role.sql").format(**_role(role), password=sql.Literal(password)))


def settle_database(connection: psycopg.Connection, app: str = "campus") -> None:
    """Of the database that a superuser is connected to."""
    names = {"app": sql.Identifier(app), "app_text": sql.Literal(app)}
    database = sql.Identifier(connection.info.dbname)
    connection.execute(_script("database.sql").format(**_role(ROLE), **names, database=database))


def _role(role: str) -> dict[str, sql.Composable]:
    return {"role": sql.Identifier(role), "role_text": sql.Literal(role)}


def _script(name: str) -> sql.SQL:
    return sql.SQL((SCRIPTS / name).read_text())
