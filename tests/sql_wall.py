"""The login of SQL segments in the database of a test process, where somebody may make it."""

from __future__ import annotations

import hashlib

import psycopg

from app.embedded import wall
from app.embedded.servers import Servers


def build(servers: Servers, database: str, env: dict[str, str]) -> None:
    """On a server of somebody's own, with DATABASE_URL's login; it must be a superuser."""
    maker = servers.superuser_url or env["DATABASE_URL"]
    if servers.superuser_url is None:
        _role_elsewhere(maker, env)
    if "SQL_WALL_DATABASE_URL" not in env:
        return
    env["SUPERUSER_URL"] = named(maker, database)
    with psycopg.connect(plain(named(maker, database)), autocommit=True) as connection:
        wall.settle_database(connection, owner(env["DATABASE_URL"]))
    env["SQL_WALL_DATABASE_URL"] = named(env["SQL_WALL_DATABASE_URL"], database)


def _role_elsewhere(maker: str, env: dict[str, str]) -> None:
    password = hashlib.sha256(maker.encode()).hexdigest()
    with psycopg.connect(plain(maker), autocommit=True) as connection:
        if connection.info.parameter_status("is_superuser") != "on":
            return
        connection.execute("SELECT pg_advisory_lock(hashtext('campus_wall'))")  # the other test processes
        wall.settle_role(connection, password)
    head, _, tail = maker.partition("://")
    env["SQL_WALL_DATABASE_URL"] = f"{head}://{wall.ROLE}:{password}@{tail.rpartition('@')[2]}"


def owner(url: str) -> str:
    with psycopg.connect(plain(url)) as connection:
        return connection.info.user


def named(url: str, name: str) -> str:
    head, mark, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}{mark}{query}"


def plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
