"""The embedded servers: who gets in, who shares them, and what a kill -9 does."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from waiting import until

from app.embedded import keys
from app.embedded.place import settled
from app.embedded.servers import Servers, environment, running

pytestmark = pytest.mark.faults


@pytest.fixture(autouse=True)
def no_servers_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "SQL_WALL_DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FUNNEL_WEBHOOK_SECRET"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("a home")
    yield home
    with settled(home) as place:
        shutil.rmtree(place.store)
        shutil.rmtree(place.sockets)


@pytest.fixture
def servers(home: Path) -> Iterator[Servers]:
    with running(home, durable=False) as found:
        yield found


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def postmaster(home: Path) -> int:
    return int((data(home) / "postmaster.pid").read_text().splitlines()[0])


def data(home: Path) -> Path:
    with settled(home) as place:
        return place.store / "data"


def test_the_apps_login_owns_its_database_and_is_no_superuser(servers: Servers) -> None:
    with connect(servers.database_url) as connection:
        row = connection.execute(
            """SELECT rolsuper, rolcreaterole, rolreplication, rolbypassrls, pg_get_userbyid(datdba)
                 FROM pg_roles, pg_database
                WHERE rolname = current_user AND datname = current_database()"""
        ).fetchone()
    assert row == (False, False, False, False, "campus")


@pytest.mark.parametrize("user", ["campus", "postgres"])
@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_refused(servers: Servers, user: str, password: str) -> None:
    host = servers.database_url.partition("host=")[2]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=host, user=user, password=password, dbname="campus")


def test_sql_segments_have_a_login_that_owns_nothing(servers: Servers) -> None:
    assert servers.wall_url
    assert environment(servers)["SQL_WALL_DATABASE_URL"] == servers.wall_url
    with connect(servers.wall_url) as connection:
        assert connection.execute("SHOW temp_file_limit").fetchone() == ("512MB",)
        connection.execute("SET default_transaction_read_only = off")
        for statement in ("CREATE TEMP TABLE t (id int)", "SELECT pg_sleep(0)", "SELECT * FROM pg_class"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_a_home_from_before_sql_segments_gets_a_password_for_them_and_keeps_the_others(home: Path) -> None:
    with settled(home) as before:
        path = home / "embedded.json"
        record = json.loads(path.read_text())
        del record["wall_password"]
        path.write_text(json.dumps(record))
    with settled(home) as first:
        assert first.app_password == before.app_password
    with settled(home) as second:
        assert second.wall_password == first.wall_password != before.wall_password
    with running(home, durable=False) as servers, connect(servers.wall_url or "") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts what a process maps")
def test_a_session_that_wants_too_much_memory_gets_an_error_and_the_server_goes_on(servers: Servers) -> None:
    with connect(servers.database_url) as connection:
        with pytest.raises(psycopg.errors.OutOfMemory):
            connection.execute(
                "SELECT count(t) FROM (SELECT array_agg(repeat('x', 90000000)) t FROM generate_series(1, 40)) q"
            )
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_no_port_is_open(servers: Servers) -> None:
    assert servers.superuser_url
    with connect(servers.superuser_url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    assert redis.Redis.from_url(servers.redis_url).config_get("port") == {"port": "0"}


def test_sockets_passwords_and_keys_are_for_the_owner_only(servers: Servers, home: Path) -> None:
    keys.secret_key(home)
    keys.funnel_webhook_secret(home)
    kept = ("embedded.json", "secret-key", "funnel-webhook-secret")
    for path in (*map(home.joinpath, kept), data(home), Path(servers.redis_url[7:]).parent):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_value_of_a_customer_never_reaches_the_log(servers: Servers, home: Path) -> None:
    with connect(servers.database_url) as connection:
        connection.execute("CREATE TEMP TABLE people (email text UNIQUE)")
        connection.execute("INSERT INTO people VALUES ('maya@secret.example')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO people VALUES (%s)", ["maya@secret.example"])
    logs = list((data(home).parent / "log").glob("*.log"))
    assert logs
    assert not any("maya@" in log.read_text() for log in logs)


def test_letters_of_every_alphabet_can_be_searched(servers: Servers) -> None:
    with connect(servers.database_url) as connection:
        row = connection.execute("SELECT lower('ŽOË'), cardinality(show_trgm('Zoë')) > 2").fetchone()
    assert row == ("žoë", True)


def test_a_second_user_shares_and_the_last_one_stops(home: Path) -> None:
    with running(home, durable=False) as first:
        pid = postmaster(home)
        with running(home, durable=False) as second:
            assert second == first
        with connect(first.database_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert postmaster(home) == pid
    with pytest.raises(psycopg.OperationalError):
        connect(first.database_url)


def test_a_killed_postgres_keeps_what_was_committed(home: Path) -> None:
    with running(home) as servers:
        with connect(servers.database_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
        os.kill(postmaster(home), signal.SIGKILL)
        until(lambda: not is_answering(servers))
    with running(home) as servers, connect(servers.database_url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (7,)
        connection.execute("DROP TABLE kept")


def test_what_the_environment_names_is_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/shop")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere")
    monkeypatch.setenv("SECRET_KEY", "mine")
    monkeypatch.setenv("FUNNEL_WEBHOOK_SECRET", "whsec_mine")
    monkeypatch.setenv("TRACK_JWT_SECRET", "the shop's")
    with running(tmp_path / "home") as servers, settled(tmp_path / "home") as place:
        assert environment(servers) == {
            "DATABASE_URL": "postgresql://elsewhere/shop",
            "REDIS_URL": "redis://elsewhere",
            "SECRET_KEY": "mine",
            "FUNNEL_WEBHOOK_SECRET": "whsec_mine",
            "TRACK_JWT_SECRET": "the shop's",
        }
        assert not (place.store / "data").exists()
        shutil.rmtree(place.store)
        shutil.rmtree(place.sockets)


def is_answering(servers: Servers) -> bool:
    try:
        connect(servers.database_url).close()
    except psycopg.OperationalError:
        return False
    return True
