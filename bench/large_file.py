"""Five million rows from a file: what the process that reads and writes them needs of memory."""

from __future__ import annotations

import os

from bench import files, intake
from bench.databases import HOME
from bench.table import Table

TITLE = "A large CSV of customers: memory of the process that imports it, beside that of a small one"
COLUMNS = ("what", "rows", "seconds", "rows/s", "peak MB", "ratio")
SMALL = 10_000
LARGE = int(os.environ.get("BENCH_ROWS", "5000000"))


def run() -> Table:
    """The small one first: the peak is that of all children so far."""
    HOME.mkdir(parents=True, exist_ok=True)
    table = Table(COLUMNS)
    intake.fresh()
    small = intake.imported(files.write(HOME, SMALL)[0])
    intake.empty()
    large = intake.imported(files.write(HOME, LARGE)[0])
    assert small.peak, large.peak
    table.rows += [
        intake.row("small file", SMALL, small, "1.00"),
        intake.row("large file", LARGE, large, f"{(large.peak or 0) / small.peak:.2f} x the memory"),
    ]
    table.notes.append(f"The large file: {large.said}.")
    return table
