"""Turns this process into another one that has the servers: its exit code, its input, its Ctrl-C are its own.

The holds on the servers' lifelines survive the exec, and end with the process whatever ends it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import NoReturn

from app.embedded.servers import environment, running
from app.embedded.trouble import sentences

ROOT = Path(__file__).resolve().parents[2]


def become(home: Path, *arguments: str) -> NoReturn:
    with sentences(), contextlib.ExitStack() as holds:
        servers = holds.enter_context(running(home))
        os.environ.update(environment(servers))
        os.execv(sys.executable, [sys.executable, *arguments])
