"""What the shop tells: views accepted by two web workers against a hello of the same run, then kept in the weeks."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import cycle, islice
from statistics import mean
from typing import Any
from uuid import uuid4

import jwt
import msgspec
from sqlalchemy import text

from bench.databases import Database
from bench.serving import served
from bench.table import Table
from bench.tracking import AHEAD, ROUNDS, _line, _read

TITLE = "What the shop tells: views by two web workers against a hello of the same run; the drain against a bare INSERT"
COLUMNS = ("what", "count", "seconds", "per second", "ratio")
DATABASE = Database("campus_bench_http", 100_000, 100_000)
SECRET = "the-secret-of-the-shop-in-the-bench"
WORKERS, SOCKETS, REQUESTS = 2, 8, 8_000
VIEWS = 50_000
PEOPLE, PRODUCTS = 2_000, 500
POST = (
    "POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://shop.example\r\nContent-Type: text/plain\r\n"
    "Content-Length: {}\r\n{}\r\n"
)
HELLO = b"GET /bench/hello HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
CLEAR = (
    "TRUNCATE product_views, sessions",
    "DELETE FROM event_work WHERE name = 'product_viewed'",
    "DELETE FROM pending_events WHERE name = 'product_viewed'",
)


class Environment(Database):
    """With the shop's own settings."""

    @property
    def environment(self) -> dict[str, str]:
        shop = {"TRACK_JWT_SECRET": SECRET, "TRACK_ORIGINS": "https://shop.example"}
        return {**super().environment, **shop}


def run() -> Table:
    DATABASE.ensure()
    table = Table(COLUMNS)
    with _product():
        leads = list(_leads())
        table.rows += _accepted(leads)
        table.rows += _drained(leads)
        _clear()
    return table


@contextmanager
def _product() -> Iterator[None]:
    from app import create_app
    from app.config import from_environment

    with create_app(replace(from_environment(DATABASE.environment), log_format="plain"), "bench").app_context():
        _clear()
        yield


def _leads() -> Sequence[str]:
    from app.db import db

    asked = text("SELECT lms_lead_id FROM customers WHERE lms_lead_id IS NOT NULL ORDER BY id LIMIT :most")
    return db.session.scalars(asked, {"most": PEOPLE}).all()


def _accepted(leads: list[str]) -> list[Sequence[str]]:
    asked = {
        "hello": [HELLO],
        "views of nobody": [_post(n) for n in range(1_000)],
        f"views with one of {PEOPLE:,} tokens": [_post(n, lead) for n, lead in enumerate(leads)],
    }
    taken: dict[str, list[float]] = {name: [] for name in asked}
    shop = Environment(DATABASE.name, DATABASE.customers, DATABASE.events)
    with served(shop, workers=WORKERS, app="bench.hello:app") as browser:
        for name, requests in [*asked.items()] * (ROUNDS + 1):
            taken[name].append(_asked(browser.connection.port, requests))
    seconds = {name: mean(rounds[1:]) for name, rounds in taken.items()}  # the first warms up
    return [
        _line(name, REQUESTS, seconds[name], f"{seconds['hello'] / seconds[name]:.2f} of hello" if at else "1.00")
        for at, name in enumerate(asked)
    ]


def _post(number: int, lead: str | None = None) -> bytes:
    told = {
        "product_id": f"p-{number % PRODUCTS}",
        "product_name": "Mug, blue",
        "product_price": 1290,
        "product_category": "Kitchen",
        "referrer": "https://search.example/",
        "device_type": "mobile",
        "session_id": f"s-{number}",
    }
    body = msgspec.json.encode(told)
    bearer = f"Authorization: Bearer {jwt.encode({'sub': lead}, SECRET, 'HS256')}\r\n" if lead else ""
    return POST.format("/track/view", len(body), bearer).encode() + body


def _asked(port: int, asked: list[bytes]) -> float:
    requests = list(islice(cycle(asked), REQUESTS))
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


def _drained(leads: list[str]) -> list[Sequence[str]]:
    before = _bare(leads)
    ours = _drain(leads)
    bare = mean((before, _bare(leads)))
    return [
        _line("bare INSERT of the same rows", VIEWS, bare, "1.00"),
        _line("drain: whose, rows, events, sessions", VIEWS, ours, f"{bare / ours:.2f} of bare INSERT"),
    ]


def _views(leads: list[str]) -> list[Any]:
    """Half of them by people who are known, in a session of theirs; the others by sessions of nobody."""
    from app.catalogue.visit_stream import Viewed

    chance, now = random.Random(7), time.time()
    found = []
    for number in range(VIEWS):
        who = chance.randrange(len(leads))
        lead, session = (leads[who], f"own-{who}") if number % 2 else (None, f"s-{chance.randrange(20_000)}")
        product = f"p-{chance.randrange(PRODUCTS)}"
        seen = (product, "Mug, blue", 1290, "Kitchen", "https://search.example/", "mobile")
        found.append(Viewed(uuid4(), now - 60 + number / 1_000, lead, session, *seen))
    return found


def _bare(leads: list[str]) -> float:
    """What has to be written, and nothing else; in portions of the same size."""
    from app.catalogue import views
    from app.db import db
    from app.events import jobs

    _clear()
    told = _views(leads)
    began = time.perf_counter()
    for start in range(0, VIEWS, jobs.AT_ONCE):
        views.keep([(one, 1 if one.lead else None) for one in told[start : start + jobs.AT_ONCE]])
        db.session.commit()
    return time.perf_counter() - began


def _drain(leads: list[str]) -> float:
    from app.catalogue import visit_stream
    from app.events import jobs

    _clear()
    for number, view in enumerate(_views(leads)):
        visit_stream.note(view)
        if number % 10_000 == 0:
            visit_stream.flush()
    visit_stream.flush()
    began, done = time.perf_counter(), 0
    while some := jobs.drain_views():
        done += some
    assert done == VIEWS, f"Of {VIEWS:,} views {done:,} were kept."
    return time.perf_counter() - began


def _clear() -> None:
    """Also of what the doors have noted."""
    from app.catalogue import visit_stream
    from app.db import db
    from app.queue import redis_connection

    visit_stream.flush()
    redis_connection().delete(visit_stream.VIEWS.name)
    db.session.rollback()
    with db.engine.begin() as connection:
        for statement in CLEAR:
            connection.execute(text(statement))
