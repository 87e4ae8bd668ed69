"""Real PostgreSQL, real Redis, one database per test process; the same five characters everywhere.

Ada is the admin, Max the marketer, Eda the editor, Vic the viewer; a stranger has no name.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from hypothesis import settings
from itsdangerous import URLSafeTimedSerializer
from playwright.sync_api import Browser, sync_playwright
from redis import Redis
from xdist.scheduler import LoadFileScheduling

from app import create_app
from app.accounts import passwords
from app.accounts.user import User
from app.config import Config, from_environment
from app.db import db
from app.embedded import servers
from tests import emptying, sql_wall

ROOT = Path(__file__).parent.parent
PASSWORD = "correct horse battery"
LONG = bool(os.environ.get("LONG"))
BROWSER = "tests/browser/"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LONGEST = ("test_workers.py", "test_asked_from_outside.py")
# How often a property is tried; the long suite looks ten times as far.
settings.register_profile("campus", max_examples=250 if LONG else 25, deadline=None)
settings.load_profile("campus")
RAW_TOKEN = hashlib.sha1(b"the tests").hexdigest()
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser first, then the longest: at the end no process of the tests shall wait for another."""
    items.sort(key=lambda item: (item.path.parent.name != "browser", item.path.name not in LONGEST))


class Spread(LoadFileScheduling):
    """File by file, and the browser in one process: one product with one demo, emptied when all pages were seen."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return BROWSER if file.startswith(BROWSER) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Spread:
    return Spread(config, log)


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> None:
    """Argon2 with the least work, because hundreds of tests sign in; test_passwords.py uses the real one."""
    passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture(scope="session")
def worker_number(worker_id: str) -> int:
    return int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 0


@pytest.fixture(scope="session")
def environment(worker_number: int) -> Iterator[dict[str, str]]:
    """What a process of the product would be started with: a database and a Redis number of this test process."""
    with servers.running(ROOT / "var" / "test", durable=False) as running:
        env = servers.environment(running)
        name = f"campus_test_{worker_number}"
        _make_database(env["DATABASE_URL"], name)
        sql_wall.build(running, name, env)
        env["DATABASE_URL"] = _named(env["DATABASE_URL"], name)
        env["REDIS_URL"] = _numbered(env["REDIS_URL"], worker_number + 1)
        env["DNS_SERVERS"] = "none"
        yield env


@pytest.fixture(scope="session")
def config(environment: dict[str, str]) -> Config:
    return from_environment(environment)


@pytest.fixture(scope="session")
def migrated(config: Config) -> Flask:
    app = create_app(config, "tests")
    app.config["TESTING"] = False  # errors are answered as in production
    with app.app_context():
        upgrade(str(ROOT / "migrations"))
        emptying.prepare()
    return app


@pytest.fixture
def app(migrated: Flask, config: Config) -> Iterator[Flask]:
    """The application on a clean database, inside a context so that rooms can be called directly."""
    Redis.from_url(config.redis_url).flushdb()
    with migrated.app_context():
        emptying.clean()
        yield migrated
        db.session.rollback()
        db.session.remove()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def make_user(app: Flask) -> Callable[..., User]:
    def make(name: str, role: str, email: str | None = None) -> User:
        user = User(name=name, role=role, email=email or f"{name.lower()}@campus.example", password_hash=_hashed())
        db.session.add(user)
        db.session.commit()
        return user

    return make


@pytest.fixture
def admin(make_user: Callable[..., User]) -> User:
    return make_user("Ada", "admin")


@pytest.fixture
def marketer(make_user: Callable[..., User]) -> User:
    return make_user("Max", "marketer")


@pytest.fixture
def editor(make_user: Callable[..., User]) -> User:
    return make_user("Eda", "editor")


@pytest.fixture
def viewer(make_user: Callable[..., User]) -> User:
    return make_user("Vic", "viewer")


class Client(FlaskClient):
    """A browser without JavaScript: it sends the token of the last page with every form."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.token = ""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        # A context of its own for each request, as in production: `g` and the session must not be shared.
        with self.application.app_context():
            answer = super().open(*args, **kwargs)
        if answer.mimetype == "text/html" and (found := TOKEN.search(answer.get_data(as_text=True))):
            self.token = found[1]
        return answer

    def post(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("headers", {})
        kwargs["headers"] = {"X-CSRFToken": self.token, **dict(kwargs["headers"])}
        return super().post(*args, **kwargs)


@pytest.fixture
def stranger(app: Flask) -> Client:
    app.test_client_class = Client
    client = app.test_client()
    client.get("/sign-in")
    return client  # type: ignore[return-value]


@pytest.fixture
def client_of(app: Flask) -> Callable[[User], Client]:
    """With the session that the door would open; tests/sign_in goes through the door itself."""

    def signed_in(user: User) -> Client:
        app.test_client_class = Client
        client: Client = app.test_client()  # type: ignore[assignment]
        open_session(client, user)
        client.token = token_of(app)
        return client

    return signed_in


def open_session(client: FlaskClient, user: User | None) -> None:
    with client.session_transaction() as session:
        session["csrf_token"] = RAW_TOKEN
        if user:
            session.update({"_user_id": str(user.id), "_fresh": True, "epoch": user.session_epoch})


def token_of(app: Flask) -> str:
    """What a form of that session holds."""
    return str(URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(RAW_TOKEN))


def _hashed(kept: dict[str, str] = {}) -> str:  # noqa: B006 — once a process is enough
    return kept.setdefault(PASSWORD, passwords.hashed(PASSWORD))


def _make_database(url: str, name: str) -> None:
    with psycopg.connect(_plain(url), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    with psycopg.connect(_plain(_named(url, name)), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")


def _named(url: str, name: str) -> str:
    head, _, query = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


def _numbered(url: str, number: int) -> str:
    if url.startswith("unix:"):
        return f"{url.partition('?')[0]}?db={number}"
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/{number}"


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


__all__ = ["PASSWORD", "Client"]
assert os.environ.get("FLASK_DEBUG") is None, "tests run as production does"
