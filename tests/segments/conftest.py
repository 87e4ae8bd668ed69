"""The login of SQL segments as tests meet it: bare, loosened, or a second one of their own."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import sql

from app.embedded import wall as sql_wall
from app.segments.wall import standing
from tests.sql_wall import plain


@pytest.fixture
def wall_url(app, config) -> str:
    if not config.sql_wall_database_url:
        pytest.skip("This server's login may not make the wall.")
    return plain(config.sql_wall_database_url)


@pytest.fixture
def bare(wall_url) -> Iterator[psycopg.Connection]:
    """The login alone: no wrapper, no read-only transaction, no limit in time. Only what it was granted."""
    with psycopg.connect(wall_url, autocommit=True) as connection:
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(f"SET {name} = 0")
        connection.execute("SET default_transaction_read_only = off")
        yield connection


@pytest.fixture
def able(app, config) -> Iterator[psycopg.Connection]:
    """The application's own login: it may write."""
    with psycopg.connect(plain(config.database_url), autocommit=True) as connection:
        yield connection


@pytest.fixture
def maker(wall_url, environment) -> Iterator[psycopg.Connection]:
    """A superuser in the database of this test process."""
    if "SUPERUSER_URL" not in environment:
        pytest.skip("There is no superuser of this server.")
    with psycopg.connect(plain(environment["SUPERUSER_URL"]), autocommit=True) as connection:
        yield connection


@pytest.fixture
def loosened(maker) -> Iterator[Callable[[str, str], None]]:
    """Takes something away from the wall, and puts it back."""
    undone: list[str] = []

    def loosen(statement: str, undo: str) -> None:
        undone.append(undo)
        maker.execute(statement)
        standing.forget()

    yield loosen
    for statement in reversed(undone):
        maker.execute(statement)
    standing.forget()


@pytest.fixture
def own_login(maker) -> Iterator[str]:
    """A second login made by the same script: the other one is shared with the other test processes."""
    name, password = f"wall_{secrets.token_hex(4)}", secrets.token_hex(8)
    sql_wall.settle_role(maker, password, name)
    role = sql.Identifier(name)
    maker.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(maker.info.dbname), role))
    yield psycopg.conninfo.make_conninfo(maker.info.dsn, user=name, password=password)
    maker.execute(sql.SQL("DROP OWNED BY {}").format(role))
    maker.execute(sql.SQL("DROP ROLE {}").format(role))
