"""`flask sql-wall`: the script builds the wall on somebody's own PostgreSQL, as often as it is run."""

from __future__ import annotations

import secrets

import psycopg
import pytest
from flask_migrate import downgrade, upgrade
from psycopg import sql

from app import create_app
from app.config import from_environment
from app.db import db
from app.segments import wall
from app.segments.wall import standing
from tests.conftest import ROOT
from tests.factories import make_customer
from tests.sql_wall import named, plain


@pytest.fixture
def elsewhere(environment):
    """A migrated database with nothing of the wall in it, as a DBA would find it."""
    if "SUPERUSER_URL" not in environment:
        pytest.skip("There is no superuser of this server.")
    name, role = f"wall_{secrets.token_hex(4)}", f"wall_{secrets.token_hex(4)}"
    env = {**environment, "DATABASE_URL": named(environment["DATABASE_URL"], name)}
    del env["SQL_WALL_DATABASE_URL"]
    with psycopg.connect(plain(environment["SUPERUSER_URL"]), autocommit=True) as maker:
        maker.execute(sql.SQL("CREATE DATABASE {} OWNER campus").format(sql.Identifier(name)))
        superuser = plain(named(environment["SUPERUSER_URL"], name))
        with psycopg.connect(superuser, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION pg_trgm")
        yield env, superuser, role
        maker.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        maker.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def printed(env, *words: str) -> str:
    app = create_app(from_environment(env), "tests")
    with app.app_context():
        done = app.test_cli_runner().invoke(args=["sql-wall", *words])
    assert done.exit_code == 0, done.output
    return done.stdout


def run(url: str, script: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(script.encode())


def address(script: str) -> str:
    return next(line.partition("=")[2] for line in script.splitlines() if line.startswith("-- SQL_WALL_DATABASE_URL="))


def test_the_script_builds_a_wall_that_stands_and_does_it_again(elsewhere):
    env, superuser, role = elsewhere
    app = create_app(from_environment(env), "tests")
    with app.app_context():
        upgrade(str(ROOT / "migrations"))
        assert wall.test() == ["SQL_WALL_DATABASE_URL is not set."]
        db.engine.dispose()
    first = printed(env, "--role", role)
    env["SQL_WALL_DATABASE_URL"] = address(first)
    run(superuser, first)
    again = printed(env)
    assert again == first
    run(superuser, again)
    assert "The wall stands." in printed(env, "--test")
    app = create_app(from_environment(env), "tests")
    with app.app_context():
        maya = make_customer()
        assert wall.ids("SELECT id FROM customers") == [maya.id]
        db.session.rollback()
        upgrade(str(ROOT / "migrations"))
        standing.forget()
        assert wall.ids("SELECT id FROM customers") == [maya.id]
        db.session.rollback()
        downgrade(str(ROOT / "migrations"), revision="0012")
        assert "flask db upgrade" in " ".join(wall.test())
        db.session.rollback()
        upgrade(str(ROOT / "migrations"))
        assert wall.test() == []
        db.session.remove()
        db.engine.dispose()


def test_the_test_says_what_is_wrong(app, monkeypatch):
    monkeypatch.setattr(wall, "test", lambda: ["It may read users."])
    done = app.test_cli_runner().invoke(args=["sql-wall", "--test"])
    assert done.exit_code == 1
    assert "It may read users." in done.stderr


def test_names_and_passwords_are_quoted():
    from app.segments.wall.script import script

    said = script(app='a"b', database="c d", role="e'f", password="g'h")
    assert '"a""b"' in said
    assert '"c d"' in said
    assert "'e''f'" in said
    assert "'g''h'" in said
