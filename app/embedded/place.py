"""Where the servers of one home keep their things: data, sockets, locks and passwords.

A home is the folder of a clone that everything belongs to: var/ for bin/dev, var/test for bin/test. It
records the rest in embedded.json, because not all of it may live there: a socket's path is short, and
PostgreSQL does not run as root, so root's database stands where somebody else can reach it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from app.embedded.account import Account, account_for
from app.embedded.trouble import Trouble

SHELVES = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 — a folder of root's in it
LEAST_FREE = 300 * 1024 * 1024


@dataclass(frozen=True)
class Place:
    home: Path
    id: str
    store: Path  # PostgreSQL's data, log and, where it cannot reach the clone, programs
    superuser_password: str
    app_password: str
    wall_password: str = field(default_factory=lambda: secrets.token_hex(24))

    @property
    def locks(self) -> Path:
        return self.home / "run"

    @property
    def sockets(self) -> Path:
        return Path("/tmp") / f"campus-{self.id}"  # noqa: S108 — short, ours alone, checked by open()

    @property
    def account(self) -> Account | None:
        return account_for(self.store)

    def open(self) -> None:
        """The folders, with the right owner; again at each start, for /tmp does not outlive a reboot."""
        self.locks.mkdir(parents=True, exist_ok=True)
        for folder in (self.store, self.sockets):
            own(folder, self.account)
        _refuse_full_disk(self.home)
        _refuse_full_disk(self.store)


def own(folder: Path, account: Account | None) -> None:
    """Make the folder ours alone, or refuse one that somebody else put there."""
    uid, gid = (account.uid, account.gid) if account else (os.getuid(), os.getgid())
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        os.chown(folder, uid, gid)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid not in {uid, os.getuid()}:
        raise Trouble(f"{folder} belongs to somebody else: remove it and start again.")
    if found.st_uid != uid:
        os.chown(folder, uid, gid)  # killed between the two lines above


@contextlib.contextmanager
def settled(home: Path) -> Iterator[Place]:
    """The place of this home, while nobody else makes, fills or starts anything in it."""
    home = home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    with _locked(home / "start.lock"):
        place = _recorded(home) or _new(home)
        place.open()
        yield place


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError:
        raise Trouble(f"{path.parent} belongs to another user: run as that user, or remove it.") from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _recorded(home: Path) -> Place | None:
    try:
        record = json.loads((home / "embedded.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    place = Place(**record | {"home": Path(record["home"]), "store": Path(record["store"])})
    if place.home == home:
        return place if "wall_password" in record else _record(place)  # made before SQL segments had a login
    return None if _is_copy(place) else _moved(place, home)


def _is_copy(place: Place) -> bool:
    """The clone was copied with its var/: the original still stands and keeps its servers."""
    try:
        return str(json.loads((place.home / "embedded.json").read_text())["id"]) == place.id
    except (OSError, ValueError):
        return False


def _moved(place: Place, home: Path) -> Place:
    inside = place.store.is_relative_to(place.home)
    store = home / place.store.relative_to(place.home) if inside else place.store
    return _record(replace(place, home=home, store=store))


def _new(home: Path) -> Place:
    name = secrets.token_hex(5)
    store = _shelf() / name if os.getuid() == 0 else home / "postgres"
    if (store / "data").exists():
        raise Trouble(
            f"{store} holds a database whose passwords are lost with {home / 'embedded.json'}:"
            " put that file back, or remove the folder to start empty."
        )
    return _record(Place(home, name, store, secrets.token_hex(24), secrets.token_hex(24)))


def _record(place: Place) -> Place:
    """Whole or not at all: the passwords are worth nothing in half a file."""
    text = json.dumps(asdict(place), default=str, indent=2)
    write_private(place.home / "embedded.json", text + "\n")
    return place


def write_private(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)


def _shelf() -> Path:
    """Root's databases stand here; never in a folder whose mode would have to change."""
    for parent in SHELVES:
        shelf = parent / "campus-dashboard"
        with contextlib.suppress(OSError):
            _make_reachable(shelf)
            if shelf.lstat().st_uid == 0 and not shelf.is_symlink() and os.access(shelf, os.W_OK):
                return shelf
    raise Trouble("Neither /var/lib nor /var/tmp can be written to, and root's database needs one of them.")


def _make_reachable(folder: Path) -> None:
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(0o755)  # whatever the umask: the unprivileged user passes through


def _refuse_full_disk(folder: Path) -> None:
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize
    if free < LEAST_FREE:
        raise Trouble(
            f"The disk is full: {free >> 20} MB are free in {folder},"
            f" and the database needs {LEAST_FREE >> 20} MB to start."
        )
