"""`python -m bench NAME…`, `python -m bench --list`; without a name all of them run."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from bench.databases import Unable

NAMES = (
    "pages",
    "demo",
    "intake",
    "large-file",
    "permission",
    "segments",
    "render",
    "send",
    "send-million",
    "triggers",
    "tracking",
    "shop-views",
    "metrics",
    "shop-scans",
    "shop-recommend",
)
# Several under one name.
GROUPS = {"shop": ("shop-views", "shop-scans", "shop-recommend")}


def main(asked: list[str]) -> int:
    if asked == ["--list"]:
        for name in NAMES:
            print(f"{name:<14} {_module(name).TITLE}")
        for name, several in GROUPS.items():
            print(f"{name:<14} All of {', '.join(several)}")
        return 0
    wanted = [one for name in asked for one in GROUPS.get(name, (name,))]
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        print(f"No benchmark is called “{unknown[0]}”: {', '.join((*NAMES, *GROUPS))}.", file=sys.stderr)
        return 1
    for name in wanted or NAMES:
        bench = _module(name)
        try:
            bench.run().show(bench.TITLE)
        except Unable as reason:
            print(reason, file=sys.stderr)
            return 1
    return 0


def _module(name: str) -> Any:
    return import_module(f"bench.{name.replace('-', '_')}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
