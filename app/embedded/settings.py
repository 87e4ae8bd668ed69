"""How the embedded PostgreSQL is set: for one machine that also runs everything else."""

from __future__ import annotations

import locale
import os
import shutil
from pathlib import Path

from app.embedded.place import Place

MB = 1024 * 1024


def postgresql_conf(place: Place, durable: bool) -> str:
    chosen = _always(place) | _sized(_memory()) | ({} if durable else FORGETFUL)
    lines = [f"{name} = '{value}'" for name, value in chosen.items()]
    return "\n".join(["# Written anew at every start.", *lines, ""])


# Tests throw their database away: a crash may take it with it.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def _always(place: Place) -> dict[str, str]:
    return {
        "listen_addresses": "",  # no TCP: the socket's folder is ours alone
        "unix_socket_directories": str(place.sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "work_mem": "32MB",
        "maintenance_work_mem": "256MB",
        "max_wal_size": "4GB",
        "wal_compression": "on",
        "random_page_cost": "1.1",
        "jit": "off",
        "dynamic_shared_memory_type": _shared_memory(),
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "logging_collector": "on",
        "log_directory": str(place.store / "log"),
        "log_filename": "postgres-%Y-%m-%d-%H%M%S.log",
        "log_rotation_size": "10MB",
        "log_rotation_age": "0",
        # No customer's data in the log: neither statements nor their values nor the row that broke a rule.
        "log_min_error_statement": "panic",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "log_error_verbosity": "terse",
    }


def _sized(memory: int) -> dict[str, str]:
    """A quarter of the memory, as the manual advises, up to 1 GB: web and workers live here too."""
    shared = min(max(memory // 4, 128 * MB), 1024 * MB)
    return {
        "shared_buffers": f"{shared // MB}MB",
        "effective_cache_size": f"{max(memory // 2, 256 * MB) // MB}MB",
    }


def memory_of_a_session() -> int:
    """For one session of the server: a query that wants more gets an error, and nobody else is short of memory."""
    return min(max(_memory() // 4, 1024 * MB), 2048 * MB)


def _memory() -> int:
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(machine, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):
        return machine  # no container, or one without a limit (“max”)


def _shared_memory() -> str:
    """Containers often get 64 MB of /dev/shm: two parallel sorts, and a query fails for want of room."""
    try:
        is_roomy = shutil.disk_usage("/dev/shm").total >= 512 * MB  # noqa: S108
    except OSError:
        return "posix"
    return "posix" if is_roomy else "mmap"


def locale_options() -> list[str]:
    """Sorted by code point, the same everywhere; letters of all alphabets known (to pg_trgm, by libc)."""
    options = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    known = next((name for name in ("C.UTF-8", "en_US.UTF-8") if _is_known(name)), None)
    return [*options, f"--lc-ctype={known}"] if known else options


def _is_known(name: str) -> bool:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, name)
    except locale.Error:
        return False
    locale.setlocale(locale.LC_CTYPE, before)
    return True
