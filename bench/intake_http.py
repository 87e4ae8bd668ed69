"""Events by HTTP from several clients at once, against a bare INSERT of the same rows by as many connections."""

from __future__ import annotations

import http.client
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import mean
from typing import Any
from uuid import UUID, uuid4

import psycopg

from bench.databases import ROOT, Database, Unable, plain
from bench.serving import served

DATABASE = Database("campus_bench_http", 100_000, 100_000)
CLIENTS = 4
BATCHES = {1: 250, 100: 60, 1000: 20}  # of this size, by each client
TABLES = "events, funnel_events, event_keys, event_work, pending_events, receipts, idempotency_keys"
SPAN = timedelta(days=25)

# What has to be written, and nothing else: no look at whose it is or whether it came before.
BARE = """
    WITH given AS MATERIALIZED (
      SELECT nextval('fact_ids') AS id, *
        FROM unnest(%b::uuid[], %b::bigint[], %b::timestamptz[], %b::text[], %b::jsonb[], %b::text[])
          AS given(key, customer_id, occurred_at, name, properties, source_id)
    ),
    keys AS (INSERT INTO event_keys (key) SELECT key FROM given),
    facts AS (
      INSERT INTO events (id, customer_id, occurred_at, name, properties, source_id, receipt_id, receipt_index)
      SELECT id, customer_id, occurred_at, name, properties, source_id, 1, 1 FROM given
    )
    INSERT INTO event_work (kind, event_id, occurred_at, customer_id, name)
    SELECT 'event', id, occurred_at, customer_id, name FROM given
"""

Send = Callable[[Any], None]


@dataclass(frozen=True)
class Event:
    key: UUID
    lead: str
    customer_id: int
    at: datetime
    name: str
    properties: dict[str, Any]


def rows() -> list[Sequence[str]]:
    DATABASE.ensure()
    people = _people()
    key = _api_key()
    lines: list[Sequence[str]] = []
    with served(DATABASE, workers=2) as browser:
        for size, batches in BATCHES.items():
            before = _bare(people, size, batches)
            over_http = _http(people, size, batches, browser.connection.port, key)
            bare = mean((before, _bare(people, size, batches)))
            count = CLIENTS * batches * size
            lines += [
                _line(f"bare INSERT, {CLIENTS} × batches of {size:,}", count, bare, "1.00"),
                _line(
                    f"HTTP, {CLIENTS} × batches of {size:,}", count, over_http, f"{bare / over_http:.2f} of bare INSERT"
                ),
            ]
    return lines


def _line(what: str, count: int, seconds: float, ratio: str) -> Sequence[str]:
    return what, f"{count:,}", f"{seconds:.1f}", f"{count / seconds:,.0f}", "", ratio


def _bare(people: list[tuple[int, str]], size: int, batches: int) -> float:
    work = [[_columns(batch) for batch in _batches(people, size, batches)] for _ in range(CLIENTS)]
    with ExitStack() as open_ones:
        links = [open_ones.enter_context(psycopg.connect(plain(DATABASE.url))) for _ in range(CLIENTS)]
        return _timed(work, [_inserting(link) for link in links], CLIENTS * size * batches)


def _http(people: list[tuple[int, str]], size: int, batches: int, port: int, key: str) -> float:
    work = [[_body(batch) for batch in _batches(people, size, batches)] for _ in range(CLIENTS)]
    return _timed(work, [_posting(port, key) for _ in range(CLIENTS)], CLIENTS * size * batches)


def _timed(work: list[list[Any]], senders: list[Send], count: int) -> float:
    _empty()
    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        for done in [pool.submit(_send_all, send, batches) for send, batches in zip(senders, work, strict=True)]:
            done.result()
    seconds = time.perf_counter() - began
    _check(count)
    return seconds


def _send_all(send: Send, batches: list[Any]) -> None:
    for batch in batches:
        send(batch)


def _inserting(link: psycopg.Connection) -> Send:
    def send(columns: list[list[Any]]) -> None:
        link.execute(BARE, columns)
        link.commit()

    return send


def _posting(port: int, key: str) -> Send:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def send(body: bytes) -> None:
        connection.request("POST", "/api/v1/events", body, headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise Unable(f"POST /api/v1/events was answered {answer.status}: {said[:200].decode(errors='replace')}")

    return send


def _batches(people: list[tuple[int, str]], size: int, batches: int) -> Iterator[list[Event]]:
    for _ in range(batches):
        yield [_event(*random.choice(people)) for _ in range(size)]


def _event(customer_id: int, lead: str) -> Event:
    at = datetime.now(UTC) - random.random() * SPAN
    told = {"path": f"/courses/{random.randrange(500)}", "seconds": random.randrange(900), "device": "phone"}
    return Event(uuid4(), lead, customer_id, at, random.choice(("page_viewed", "login", "quiz_done")), told)


def _columns(batch: list[Event]) -> list[list[Any]]:
    told = [json.dumps(event.properties) for event in batch]
    facts = [(e.key, e.customer_id, e.at, e.name, text, str(e.key)) for e, text in zip(batch, told, strict=True)]
    return [list(column) for column in zip(*facts, strict=True)]


def _body(batch: list[Event]) -> bytes:
    told = [
        {
            "id": str(event.key),
            "lms_lead_id": event.lead,
            "name": event.name,
            "occurred_at": event.at.isoformat(),
            "properties": event.properties,
        }
        for event in batch
    ]
    return json.dumps({"events": told}).encode()


def _people() -> list[tuple[int, str]]:
    with DATABASE.connect() as connection:
        known = "SELECT id, lms_lead_id FROM customers WHERE lms_lead_id IS NOT NULL"
        return [(row[0], row[1]) for row in connection.execute(known)]


def _api_key() -> str:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "api-keys", "create", "bench", "--scope", "ingest"]
    done = subprocess.run(command, cwd=ROOT, env=DATABASE.environment, capture_output=True, text=True, check=True)
    return done.stdout.strip().splitlines()[-1]


def _empty() -> None:
    with DATABASE.connect() as connection:
        connection.execute("SELECT set_config('campus.passage', 'retention', false)")
        connection.execute(f"TRUNCATE {TABLES}")


def _check(count: int) -> None:
    with DATABASE.connect() as connection:
        found = connection.execute(
            "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM event_keys), (SELECT count(*) FROM event_work)"
        ).fetchone()
    if found != (count, count, count):
        raise Unable(f"Of {count:,} events {found} were written.")
