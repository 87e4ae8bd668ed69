"""The stage on which mail goes out while things break: a Redis and a provider that nobody else minds losing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade

from app import create_app
from app.config import from_environment
from app.db import db
from app.embedded import lifeline, servers
from app.embedded.place import settled
from app.queue import redis_connection
from tests.emptying import clean
from tests.faults.mailing import OwnPostgres, Stage, make_people, rung_at
from tests.provider.running import ROOT, apart
from tests.work.running import OwnRedis


@pytest.fixture
def stage(app: Flask, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with _stage(app, environment, tmp_path_factory.mktemp("s")) as stage:
        yield stage


@pytest.fixture(scope="module")
def at_work(migrated: Flask, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """With two workers that stay from test to test."""
    with migrated.app_context():
        clean()
        with _stage(migrated, environment, tmp_path_factory.mktemp("s")) as stage:
            stage.start()
            stage.start("send", "--no-scheduler")
            yield stage
        db.session.remove()


@pytest.fixture
def stage_apart(app: Flask, config: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """With a PostgreSQL of its own, too."""
    if os.environ.get("DATABASE_URL"):
        pytest.skip("This server is somebody's own.")
    with settled(tmp_path_factory.mktemp("p")) as place:
        server = OwnPostgres(place)
        with lifeline.held(server.server.leash()):
            server.start()
            server.server.settle()
            env = {**servers.environment(servers.describe(place)), "REDIS_URL": config.redis_url}  # type: ignore[attr-defined]
            other = create_app(from_environment(env), "tests")
            with other.app_context():
                upgrade(str(ROOT / "migrations"))
                with _stage(other, env, tmp_path_factory.mktemp("s")) as stage:
                    stage.postgres = server
                    yield stage
                db.session.remove()
        shutil.rmtree(place.store)


@contextmanager
def _stage(app: Flask, env: dict[str, str], folder: Path) -> Iterator[Stage]:
    redis = OwnRedis(str(redis_connection().info("server")["executable"]), folder)
    with ExitStack() as exits:
        exits.callback(redis.stop)
        exits.enter_context(rung_at(app, redis.url))
        provider, server = exits.enter_context(apart(folder / "ledger"))
        mail = {"MAIL_PROVIDER": "resend", "RESEND_API_KEY": "re_1", "RESEND_API_URL": provider.url}
        env = {**env, **mail, "REDIS_URL": redis.url}
        stage = Stage(app, env, redis, provider, server, folder, exits, make_people())
        exits.callback(stage.cut_power)
        yield stage
    print(_end_of(folder / "log"))  # noqa: T201 — pytest shows it beside a failure
    shutil.rmtree(folder)


def _end_of(log: Path) -> str:
    return log.read_text()[-8_000:] if log.exists() else ""
