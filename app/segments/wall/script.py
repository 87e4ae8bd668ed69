"""The whole wall as a script, for whoever runs PostgreSQL. It may be run again at any time."""

from __future__ import annotations

from pathlib import Path

from psycopg import sql

HERE = Path(__file__).parent


def script(*, app: str, database: str, role: str, password: str) -> str:
    names = {"app": app, "database": database, "role": role}
    said: dict[str, sql.Composable] = {name: sql.Identifier(value) for name, value in names.items()}
    said |= {f"{name}_text": sql.Literal(value) for name, value in names.items()}
    parts = [_filled(name, {**said, "password": sql.Literal(password)}) for name in ("role.sql", "database.sql")]
    owner = sql.Identifier(app).as_string(None)
    views = (HERE / "views.sql").read_text()
    return "\n".join(["BEGIN;", *parts, f"SET LOCAL ROLE {owner};", views, "RESET ROLE;", "COMMIT;", ""])


def _filled(name: str, said: dict[str, sql.Composable]) -> str:
    return sql.SQL((HERE / name).read_text()).format(**said).as_string(None)
