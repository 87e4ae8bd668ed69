"""The workers: `python worker.py [QUEUE…] [--no-scheduler]`. Any number of machines may run it.

Each queue is a process of its own (this file again, with --only), and so is the tick that rings the bells.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module

from app import logs
from app.config import Config, ConfigError, from_environment
from app.ops import processes
from app.queue import QUEUES

TICK = "tick"


def main(argv: Sequence[str]) -> int:
    asked = _asked(argv)
    try:
        config = from_environment(os.environ)
    except ConfigError as error:
        print(f"campus: {error}", file=sys.stderr)  # noqa: T201
        return 1
    if asked.only:
        return _be_child(asked.only, asked.parent, config)
    logs.configure(config)
    queues = list(dict.fromkeys(asked.queues)) or list(QUEUES)
    return processes.run([*queues, *([] if asked.no_scheduler else [TICK])], _start)


def _start(name: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, __file__, "--only", name, "--parent", str(os.getpid())]
    # A group of its own: Ctrl-C reaches the parent alone, which then stops its children in good order.
    return subprocess.Popen(command, process_group=0)  # noqa: S603 — our own words


def _be_child(name: str, parent: int, config: Config) -> int:
    # Imported here: the parent stays small, and no mistake in a room can take it down.
    from app import create_app
    from app.ops import kinship, listener, tick

    kinship.follow_into_death(parent, signal.SIGTERM)
    app = create_app(config, f"worker {name}")
    _import_more_work()
    if name == TICK:
        return tick.run(app.app_context, parent)
    return listener.listen(name, config.redis_url, app.app_context, parent)


def _import_more_work() -> None:
    """WORK_MODULES: modules with tables of work that are not the product's own, separated by spaces."""
    for name in os.environ.get("WORK_MODULES", "").split():
        import_module(name)


def _asked(argv: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(prog="worker.py", description=__doc__)
    parser.add_argument("queues", nargs="*", metavar="QUEUE", help=f"{', '.join(QUEUES)}; all if none is named")
    parser.add_argument("--no-scheduler", action="store_true", help="ring no bells from here")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--parent", type=int, default=os.getppid(), help=argparse.SUPPRESS)
    asked = parser.parse_args(argv)
    for name in asked.queues:
        if name not in QUEUES:
            parser.error(f"there is no queue “{name}”; there are {', '.join(QUEUES)}.")
    return asked


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(1, f"campus: {message}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
