"""Sending to a million by one worker: does it stay as quick, and as small, as it was in the beginning? Ten minutes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from bench.databases import Unable
from bench.send import BATCH, COLUMNS, DATABASE, Taken, empty, filled, provided
from bench.table import Table

TITLE = "Sending to a million: 40 KB for each person, one worker"
SIZE = 1_000_000
MARKS = (10_000, 100_000, 500_000, SIZE)


def run() -> Table:
    DATABASE.ensure()
    table = Table(COLUMNS)
    with provided():
        empty()
        run_id = filled(SIZE).id
        first: float | None = None
        for mark, taken in _marked():
            first = first or taken.rate
            row = taken.row(f"until {mark:,}", f"{taken.rate / first:.2f} of the first")
            table.rows.append((*row[:5], f"{_now():.0f} now", row[6]))
        _judge(run_id)
        empty()
    return table


def _marked() -> Iterator[tuple[int, Taken]]:
    """Between one mark and the next."""
    from app.deliveries import jobs

    done = before = 0
    began, cpu = time.perf_counter(), time.process_time()
    for mark in MARKS:
        while done < mark and (batches := jobs.send()):
            done += batches * BATCH
        yield mark, Taken(done - before, time.perf_counter() - began, time.process_time() - cpu)
        before, began, cpu = done, time.perf_counter(), time.process_time()


def _judge(run_id: int) -> None:
    from app.db import db
    from app.deliveries import jobs, runs
    from app.deliveries.run import Run

    jobs.send()
    run = db.session.get_one(Run, run_id, populate_existing=True)
    account = runs.account(run)
    if (run.state, account.accepted + sum(account.skipped.values())) != ("finished", SIZE):
        raise Unable(f"Of {SIZE:,} mails {account.accepted:,} were accepted; the run is {run.state}.")


def _now() -> float:
    """What the process holds at this moment, in MB."""
    held = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(held.split()[1]) / 1024
