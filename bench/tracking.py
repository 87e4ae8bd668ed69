"""What comes back: pixels and clicks against a hello behind the same middleware, the drain against a bare INSERT."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from statistics import mean
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy import text

from bench import send
from bench.databases import Database, Unable
from bench.serving import served
from bench.table import Table

TITLE = "What comes back: pixels and clicks against a hello of the same run; the drain against a bare INSERT"
COLUMNS = ("what", "count", "seconds", "per second", "ratio")
DATABASE = Database("campus_bench_http", 100_000, 100_000)
MAILS = 50_000
HITS = 200_000
ROUNDS, REQUESTS = 5, 4_000
SOCKETS, AHEAD = 4, 16  # requests that a connection sends before it reads: the client is not to be what is measured
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"
REQUEST = "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: " + AGENT + "\r\nAccept: */*\r\n\r\n"
CLEAR = (
    "TRUNCATE delivery_events",
    "UPDATE deliveries SET opened_at = NULL, clicked_at = NULL, machine_opened_at = NULL, machine_clicked_at = NULL",
    "VACUUM deliveries",
)


def run() -> Table:
    DATABASE.ensure()
    table = Table(COLUMNS)
    with _product():
        mails, version = _mails()
        table.rows += _answered(mails, version)
        table.rows += _drained(mails)
        send.empty()
    return table


@contextmanager
def _product() -> Iterator[None]:
    from app import create_app
    from app.config import from_environment

    with create_app(from_environment(DATABASE.environment), "bench").app_context():
        send.empty()
        yield


def _mails() -> tuple[list[int], int]:
    """A run of two days ago, all of it accepted."""
    from app.db import db

    run = send.filled(MAILS)
    db.session.execute(text("UPDATE deliveries SET state = 'accepted', accepted_at = now() - interval '2 days'"))
    db.session.commit()
    return list(db.session.scalars(text("SELECT id FROM deliveries ORDER BY id"))), run.version_id


def _answered(mails: list[int], version: int) -> list[Sequence[str]]:
    paths = {"hello": ["/bench/hello"], **_paths(mails, version)}
    taken: dict[str, list[float]] = {name: [] for name in paths}
    with served(DATABASE, workers=1, app="bench.hello:app") as browser:
        for name, asked in [*paths.items()] * (ROUNDS + 1):
            taken[name].append(_asked(browser.connection.port, asked))
    seconds = {name: mean(rounds[1:]) for name, rounds in taken.items()}  # the first warms up
    return [
        _line(name, REQUESTS, seconds[name], f"{seconds['hello'] / seconds[name]:.2f} of hello" if at else "1.00")
        for at, name in enumerate(paths)
    ]


def _paths(mails: list[int], version: int) -> dict[str, list[str]]:
    from app import signing
    from app.deliveries import targets, tracks

    known = targets.of(version)
    mark, places = targets.mark(known), [place for place, target in enumerate(known) if target]
    tokens = [signing.token(tracks.TRACK, tracks.Track(mail, version, mark)) for mail in mails[:1_000]]
    return {
        "pixel": [f"/track/open/{token}.gif" for token in tokens],
        "click": [f"/track/click/{token}/{random.choice(places)}" for token in tokens],
    }


def _asked(port: int, paths: list[str]) -> float:
    requests = [REQUEST.format(path).encode() for path in islice(cycle(paths), REQUESTS)]
    with ExitStack() as open_ones:
        links = [open_ones.enter_context(socket.create_connection(("127.0.0.1", port), 30)) for _ in range(SOCKETS)]
        began = time.perf_counter()
        for start in range(0, REQUESTS, SOCKETS * AHEAD):
            portions = [requests[start + n * AHEAD :][:AHEAD] for n in range(SOCKETS)]
            for link, some in zip(links, portions, strict=True):
                link.sendall(b"".join(some))
            for link, some in zip(links, portions, strict=True):
                _read(link, len(some))
        return time.perf_counter() - began


def _read(link: socket.socket, answers: int) -> None:
    found = b""
    while found.count(b"HTTP/1.1 ") < answers or not found.rpartition(b"HTTP/1.1 ")[2].count(b"\r\n\r\n"):
        if answers and not (more := link.recv(1 << 20)):
            raise Unable("The web server hung up.")
        if not answers:
            return
        found += more
    bad = [line for line in found.split(b"HTTP/1.1 ")[1:] if line[:3] not in {b"200", b"302"}]
    if bad:
        raise Unable(f"A request was answered {bad[0][:3].decode()}.")


def _drained(mails: list[int]) -> list[Sequence[str]]:
    before = _bare(mails)
    ours = _drain(mails)
    bare = mean((before, _bare(mails)))
    return [
        _line("bare INSERT of the same rows", HITS, bare, "1.00"),
        _line("drain: read, judge, insert, tell the mails", HITS, ours, f"{bare / ours:.2f} of bare INSERT"),
    ]


def _hits(mails: list[int]) -> list[Any]:
    """Two thirds opens; four hits a mail, in no order."""
    from app.tracking.stream import Seen

    chance, out = random.Random(7), (datetime.now(UTC) - timedelta(days=1)).timestamp()
    kinds = [("open", None), ("open", None), ("click", 1)]
    return [
        Seen(uuid4(), kind, out + chance.random() * 80_000, chance.choice(mails), place, "GET", AGENT)
        for (kind, place) in (chance.choice(kinds) for _ in range(HITS))
    ]


def _bare(mails: list[int]) -> float:
    """What has to be written, and nothing else; in portions of the same size."""
    from app.db import db
    from app.tracking import jobs, standing

    _clear()
    hits = _hits(mails)
    began = time.perf_counter()
    for start in range(0, HITS, jobs.AT_ONCE):
        some = hits[start : start + jobs.AT_ONCE]
        rows = [_row(hit) for hit in some]
        db.session.execute(standing.KEEP, {"rows": msgspec.json.encode(rows).decode()})
        db.session.commit()
    return time.perf_counter() - began


def _row(hit: Any) -> dict[str, Any]:
    """With its run and customer, which nobody has to look up here."""
    known = {"run_id": 1, "customer_id": hit.delivery_id, "is_human": True, "reason": "human"}
    told = {name: getattr(hit, name) for name in ("id", "kind", "delivery_id", "place", "method", "agent")}
    return {**told, **known, "at": datetime.fromtimestamp(hit.at, UTC)}


def _drain(mails: list[int]) -> float:
    from app.tracking import jobs, stream

    _clear()
    for number, hit in enumerate(_hits(mails)):
        stream.note(hit)
        if number % 10_000 == 0:
            stream.flush()
    stream.flush()
    began, done = time.perf_counter(), 0
    while some := jobs.drain():
        done += some
    if done != HITS:
        raise Unable(f"Of {HITS:,} hits {done:,} were kept.")
    return time.perf_counter() - began


def _clear() -> None:
    """Also of what the doors have noted."""
    from app.db import db
    from app.queue import redis_connection
    from app.tracking import stream

    stream.flush()
    redis_connection().delete(stream.STREAM)
    db.session.rollback()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in CLEAR:
            connection.execute(text(statement))


def _line(what: str, count: int, seconds: float, ratio: str) -> Sequence[str]:
    return what, f"{count:,}", f"{seconds:.1f}", f"{count / seconds:,.0f}", ratio
