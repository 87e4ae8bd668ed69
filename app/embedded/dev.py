"""`bin/dev`: PostgreSQL, Redis, migrations, web and workers of one clone, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from app.embedded import keys, servers
from app.embedded.application import Application
from app.embedded.console import Console
from app.embedded.place import settled, write_private
from app.embedded.supervisor import Child, Life, Supervisor
from app.embedded.trouble import Trouble, sentences

HOME = Path(__file__).resolve().parents[2] / "var"


def main() -> None:
    options = _options()
    port = _port(os.environ.get("PORT") or "8000")
    with sentences(), _only_one():
        _refuse_busy(port)
        supervisor = Supervisor(Console())
        supervisor.listen()
        try:
            _run(supervisor, port, options.empty)
        finally:
            supervisor.console.say("Stopping …")
            supervisor.stop()


def _run(supervisor: Supervisor, port: int, is_empty: bool) -> None:
    found = _start_servers(supervisor)
    application = Application(found, port)
    supervisor.run(application.migration())
    lives = [supervisor.start(child) for child in (application.web(), application.worker())]
    _furnish_once(supervisor, application, is_empty)
    supervisor.await_ready(*lives)
    _welcome(supervisor, application)
    supervisor.watch()


def _start_servers(supervisor: Supervisor) -> servers.Servers:
    with settled(HOME) as place:
        wanted = servers.wanted(place)
        lives = [_start_server(supervisor, server) for server in wanted]
        supervisor.await_ready(*lives)
        for server in wanted:
            server.settle()
        return servers.describe(place)


def _start_server(supervisor: Supervisor, server: servers.Server) -> Life:
    return supervisor.start(Child(server.leash(), server.is_ready, server.prepare, floor=0))


def _furnish_once(supervisor: Supervisor, application: Application, is_empty: bool) -> None:
    """A sign-in and the demo, once per database, whatever became of them since."""
    database = hashlib.sha256(application.servers.database_url.encode()).hexdigest()
    mark = HOME / "first-start"
    if not mark.exists() or mark.read_text() != database:
        supervisor.run(application.first_user())
        if not is_empty:
            supervisor.run(application.demo())
        write_private(mark, database)


def _welcome(supervisor: Supervisor, application: Application) -> None:
    supervisor.console.say(
        f"\n  {application.address}\n\n"
        f"  Sign in as {application.email} with {keys.sign_in_password(HOME)}\n"
        "  (the first administrator’s password, as it was made; Ctrl-C stops everything)\n"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/dev", description=__doc__)
    parser.add_argument("--empty", action="store_true", help="no demo data on the first start")
    return parser.parse_args()


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 65536):
        raise Trouble(f"PORT must be a number from 1 to 65535, not “{text}”.")
    return int(text)


@contextlib.contextmanager
def _only_one() -> Iterator[None]:
    HOME.mkdir(exist_ok=True)
    with (HOME / "dev.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Trouble("bin/dev is running already in this clone: stop that one first.") from None
        yield


def _refuse_busy(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise Trouble(f"Port {port} is reserved for root: choose one from 1024 with PORT=….") from None
        except OSError:
            raise Trouble(f"Port {port} is busy: stop what uses it, or choose another with PORT=….") from None


if __name__ == "__main__":
    main()
