"""Who runs PostgreSQL: an unprivileged user when we are root, else we ourselves."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from app.embedded.trouble import Trouble


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int


def account_for(store: Path) -> Account | None:
    """Whoever owns the database already, else the system's user for it, else nobody."""
    if os.getuid() != 0:
        return None
    if store.exists() and store.stat().st_uid != 0:
        return Account(store.stat().st_uid, store.stat().st_gid)
    return _unprivileged()


def _unprivileged() -> Account:
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise Trouble("PostgreSQL does not run as root, and there is no user “nobody” for it: use another user.")
