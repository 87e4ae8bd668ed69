"""How fast the demo's generator fills a product, against the bare COPY of the same rows."""

from __future__ import annotations

import time

from app.demo.chunk import PARTS, Chunk
from app.demo.plan import Plan
from bench.databases import Database, day, make_empty
from bench.table import Table

TITLE = "Demo: 50,000 customers with 500,000 events, made and indexed, against COPY of the same rows into bare tables"
SCRATCH = Database("campus_bench_demo", 50_000, 500_000)
COLUMNS = ("way", "rows", "seconds", "rows/s", "of bare COPY")


def run() -> Table:
    make_empty(SCRATCH.name)
    SCRATCH.flask("db", "upgrade")
    plan = Plan(SCRATCH.customers, SCRATCH.events, 7, int(day().timestamp()))
    bare = _bare(plan)
    made = _made()
    table = Table(COLUMNS)
    for name, (rows, seconds) in (("bare COPY, rows at hand", bare), ("demo, from nothing to indexed", made)):
        share = (rows / seconds) / (bare[0] / bare[1])
        table.rows.append((name, f"{rows:,}", f"{seconds:.1f}", f"{rows / seconds:,.0f}", f"{share:.2f}"))
    make_empty(SCRATCH.name)
    return table


def _made() -> tuple[int, float]:
    began = time.perf_counter()
    SCRATCH.flask(
        "demo", "--customers", str(SCRATCH.customers), "--events", str(SCRATCH.events), "--now", f"{day():%Y-%m-%d}"
    )
    seconds = time.perf_counter() - began
    with SCRATCH.connect() as connection:
        rows = sum(connection.execute(f"SELECT count(*) FROM {part.table}").fetchone()[0] for part in PARTS)
    return rows, seconds


def _bare(plan: Plan) -> tuple[int, float]:
    """One process, one transaction, the rows already in memory: no one can be faster."""
    chunks = [Chunk(plan, number) for number in range(plan.chunks)]
    lines = {part.table: [line for chunk in chunks for line in part.lines(chunk)] for part in PARTS}
    texts = {table: "".join(found).encode() for table, found in lines.items()}
    with SCRATCH.connect() as connection, connection.transaction():
        for part in PARTS:
            connection.execute(f"CREATE TABLE bare_{part.table} AS SELECT {part.columns} FROM {part.table} LIMIT 0")
        began = time.perf_counter()
        for part in PARTS:
            with connection.cursor().copy(f"COPY bare_{part.table} FROM STDIN") as stream:
                stream.write(texts[part.table])
        seconds = time.perf_counter() - began
        for part in PARTS:
            connection.execute(f"DROP TABLE bare_{part.table}")
    return sum(map(len, lines.values())), seconds
