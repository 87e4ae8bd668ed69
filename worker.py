"""The workers: `python worker.py [QUEUE…] [--no-scheduler]`. Any number of machines may run it.

Each queue is a process of its own, and so is the tick that rings the bells. They are forked from this one, so
that the application is loaded once and a dead child is back in milliseconds.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from app import create_app
from app.config import from_environment
from app.deliveries import carriers
from app.environment import ConfigError
from app.ops import kinship, listener, processes, tick
from app.queue import QUEUES

TICK = "tick"


def main(argv: Sequence[str]) -> int:
    asked = _asked(argv)
    try:
        config = from_environment(os.environ)
    except ConfigError as error:
        print(f"campus: {error}", file=sys.stderr)  # noqa: T201
        return 1
    app = create_app(config, "worker")
    _import_more_work()
    with app.app_context():
        carriers.get_ready()
    parent = os.getpid()

    def be(name: str) -> int:
        kinship.follow_into_death(parent)
        if name == TICK:
            return tick.run(app.app_context, parent)
        return listener.listen(name, config.redis_url, app.app_context, parent)

    return processes.run(_names(asked), be)


def _names(asked: argparse.Namespace) -> list[str]:
    queues = list(dict.fromkeys(asked.queues)) or list(QUEUES)
    return [*queues, *([] if asked.no_scheduler else [TICK])]


def _import_more_work() -> None:
    """WORK_MODULES: modules with tables of work that are not the product's own, separated by spaces."""
    for name in os.environ.get("WORK_MODULES", "").split():
        import_module(name)


def _asked(argv: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(prog="worker.py", description=__doc__)
    parser.add_argument("queues", nargs="*", metavar="QUEUE", help=f"{', '.join(QUEUES)}; all if none is named")
    parser.add_argument("--no-scheduler", action="store_true", help="ring no bells from here")
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
