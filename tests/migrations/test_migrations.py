"""The migrations, from an empty database to the models and back."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy import inspect
from sqlalchemy.engine import make_url

from app import create_app
from app.config import from_environment
from app.db import db


@pytest.fixture
def empty(environment: dict[str, str]) -> Iterator[Flask]:
    url = make_url(environment["DATABASE_URL"])
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    name = f"{url.database}_migrations"
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    own = url.set(database=name).render_as_string(hide_password=False)
    app = create_app(from_environment(environment | {"DATABASE_URL": own}), "tests")
    with app.app_context():
        yield app
        db.engine.dispose()


def test_there_is_exactly_one_head(empty: Flask) -> None:
    config = empty.extensions["migrate"].migrate.get_config()
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


def test_an_empty_database_becomes_what_the_models_say(empty: Flask) -> None:
    upgrade()
    check()


def test_every_step_can_be_taken_back_and_again(empty: Flask) -> None:
    upgrade()
    downgrade(revision="base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    upgrade()
    check()
