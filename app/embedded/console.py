"""The one terminal that all children share: whole lines, each with the name of who said it."""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import IO

COLOURS = (36, 33, 35, 32, 34, 31)  # cyan, yellow, magenta, green, blue, red
WIDTH = 9


class Console:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._colours: dict[str, int] = {}
        self._is_coloured = sys.stdout.isatty()

    def say(self, sentence: str) -> None:
        self._write(sentence)

    def follow(self, name: str, output: IO[bytes]) -> None:
        """Until everybody who could write has gone."""
        threading.Thread(target=self._pump, args=(name, output), daemon=True).start()

    def _pump(self, name: str, output: IO[bytes]) -> None:
        with output:
            for line in output:
                self._write(f"{self._label(name)} {line.decode(errors='replace').rstrip()}")

    def _label(self, name: str) -> str:
        label = f"{name:<{WIDTH}}│"
        if not self._is_coloured:
            return label
        colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
        return f"\033[{colour}m{label}\033[0m"

    def _write(self, line: str) -> None:
        """A closed terminal must not end the supervisor before it has stopped its children."""
        with self._lock, contextlib.suppress(OSError, ValueError):
            print(line, flush=True)
