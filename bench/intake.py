"""A file of a million customers from its upload to the last row, and events by HTTP, against PostgreSQL alone."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench import files
from bench.databases import HOME, ROOT, Unable, make_empty, named, plain
from bench.table import Table

TITLE = "What comes in: CSV against raw COPY into the same indexed table; events by HTTP against a bare INSERT"
COLUMNS = ("what", "rows", "seconds", "rows/s", "peak MB", "ratio")
NAME = "campus_bench_intake"
ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))


@dataclass(frozen=True)
class Run:
    seconds: float
    peak: float | None = None
    said: str = ""


def run() -> Table:
    from bench import intake_http

    table = Table(COLUMNS)
    _csv(table)
    table.rows += intake_http.rows()
    return table


def _csv(table: Table) -> None:
    HOME.mkdir(parents=True, exist_ok=True)
    file, raw = files.write(HOME, ROWS)
    fresh()
    before = copied(raw)
    empty()
    first = imported(file)
    again = imported(file)
    empty()
    after = copied(raw)
    reference = (before.seconds + after.seconds) / 2
    good = ROWS - ROWS // files.BAD_EVERY
    table.rows += [
        row("raw COPY (mean of two)", good, Run(reference), "1.00"),
        row("import", ROWS, first, f"{reference / first.seconds:.2f} of raw COPY"),
        row("identical again", ROWS, again, f"{first.seconds / again.seconds:.2f} x faster"),
    ]
    table.notes += [
        f"Import: {first.said}. Again: {again.said}.",
        f"Raw COPY: {before.seconds:.1f} and {after.seconds:.1f} s.",
    ]


def row(what: str, rows: int, run: Run, ratio: str) -> tuple[str, ...]:
    peak = f"{run.peak:.0f}" if run.peak else ""
    return what, f"{rows:,}", f"{run.seconds:.1f}", f"{rows / run.seconds:,.0f}", peak, ratio


def url() -> str:
    return named(os.environ["DATABASE_URL"], NAME)


def fresh() -> None:
    make_empty(NAME)
    _flask("db", "upgrade")


def empty() -> None:
    with psycopg.connect(plain(url()), autocommit=True) as connection:
        with connection.transaction():
            connection.execute("SELECT set_config('campus.passage', 'retention', true)")
            connection.execute("TRUNCATE customers, imports RESTART IDENTITY CASCADE")
        connection.execute("VACUUM")


def copied(raw: Path) -> Run:
    began = time.perf_counter()
    copy = f"COPY customers ({files.COLUMNS}) FROM STDIN".encode()
    with psycopg.connect(plain(url())) as link, raw.open("rb") as source, link.cursor().copy(copy) as stream:
        while data := source.read(1 << 18):
            stream.write(data)
    return Run(time.perf_counter() - began)


def imported(file: Path) -> Run:
    """By the command, end to end: storing the file, reading, comparing, writing."""
    began = time.perf_counter()
    said = _flask("import", "customers", str(file))
    seconds = time.perf_counter() - began
    last = said.strip().splitlines()[-1]
    if not re.fullmatch(r"created \d+ updated \d+ unchanged \d+ rejected \d+", last):
        raise Unable(f"The import said: {last}")
    # Of all children so far: the imports are by far the largest.
    return Run(seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, last)


def _flask(*arguments: str) -> str:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    env = {**os.environ, "DATABASE_URL": url(), "LOG_FORMAT": "plain"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unable(f"`flask {arguments[0]}` failed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    return done.stdout
