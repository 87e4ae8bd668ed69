"""Events that are answered: a hundred thousand of which each tenth fires, through to accepted, by real workers.

Beside the same events where nobody answers; then a trickle of them while a campaign drains, as a day would bring it.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from statistics import quantiles

from sqlalchemy import text

from bench import send
from bench.databases import HOME, ROOT, Database, Unable
from bench.table import Table

TITLE = "Answers: events of which each tenth fires, through to accepted by the provider"
COLUMNS = ("what", "events", "seconds", "events/s", "p50 s", "p95 s", "ratio")
DATABASE = Database("campus_bench_triggers", 100_000, 100_000)
EVENTS, SET, EACH = 100_000, 1_000, 10
CAMPAIGN, TRICKLE, PAUSE = 60_000, 300, 0.1
PATIENCE = 300.0
WAITED = """
    SELECT extract(epoch FROM d.accepted_at - e.received_at)
      FROM deliveries d JOIN events e ON e.id = CAST(split_part(d.occasion, '-', 2) AS bigint)
     WHERE d.occasion LIKE 'event-%' AND d.accepted_at IS NOT NULL
"""


def run() -> Table:
    DATABASE.ensure()
    table = Table(COLUMNS)
    with send.provided(DATABASE) as environment:
        people = send.ids(EVENTS)
        _clean()
        bare = _came(people, EVENTS)
        table.rows.append(_row("bare intake", EVENTS, bare, [], "1.00"))
        _clean()
        _automation()
        with _workers(environment):
            table.rows.append(_flood(people, bare))
            _clean(is_whole=False)
            table.rows.append(_trickle(people))
        _clean()
    table.notes.append("Latency: from the moment when intake was given the event to the provider's acceptance.")
    return table


def _flood(people: list[int], bare: float) -> tuple[str, ...]:
    began = time.perf_counter()
    _came(people, EVENTS)
    _await(EVENTS // EACH)
    seconds = time.perf_counter() - began
    waited = _waited()
    return _row("through to accepted", EVENTS, seconds, waited, f"{bare / seconds:.2f} of bare intake")


def _trickle(people: list[int]) -> tuple[str, ...]:
    """One at a time, each of them fires, while a campaign is on its way through the same sender."""
    send.filled(CAMPAIGN)
    time.sleep(2)
    began = time.perf_counter()
    for number in range(TRICKLE):
        _store([(people[number], True)])
        time.sleep(PAUSE)
    seconds = time.perf_counter() - began
    _await(TRICKLE)
    waited, left = _waited(), _left()
    said = "while a campaign drains" if left else "after a campaign had drained"
    return _row(f"one at a time, {said}", TRICKLE, seconds, waited, "")


def _row(what: str, events: int, seconds: float, waited: list[float], ratio: str) -> tuple[str, ...]:
    p50, p95 = (f"{one:.2f}" for one in _percentiles(waited)) if waited else ("", "")
    return what, f"{events:,}", f"{seconds:.1f}", f"{events / seconds:,.0f}", p50, p95, ratio


def _percentiles(waited: list[float]) -> tuple[float, float]:
    cut = quantiles(waited, n=100)
    return cut[49], cut[94]


def _came(people: list[int], count: int) -> float:
    began = time.perf_counter()
    for first in range(0, count, SET):
        _store([(people[n % len(people)], n % EACH == 0) for n in range(first, first + SET)])
    return time.perf_counter() - began


def _store(facts: list[tuple[int, bool]]) -> None:
    from app.customers.who import Who
    from app.db import db
    from app.events import intake
    from app.events.incoming import Incoming, Origin
    from app.queue import ring

    now = datetime.now(UTC)
    incoming = [
        Incoming(index, "event", Who(customer_id=key), "paid" if fires else "seen", now, None, {"total": 100 + index})
        for index, (key, fires) in enumerate(facts)
    ]
    intake.store(incoming, Origin(), now)
    db.session.commit()
    ring("events.take_effect")


def _automation() -> None:
    """Promotional mail under a condition, at most one a day: everything that a marketer would ask for."""
    from app.automations.automation import Automation
    from app.content.template import MessageTemplate, TemplateVersion
    from app.db import db

    template = db.session.get_one(MessageTemplate, db.session.get_one(TemplateVersion, send.version()).template_id)
    where = [{"property": "total", "op": "at_least", "value": 1}]
    db.session.add(
        Automation(
            name="Bench",
            template_id=template.id,
            purpose="promotional",
            topic="promotional",
            trigger={"event": "paid", "where": where, "at_most_every": "1d"},
            is_active=True,
        )
    )
    template.published = 1
    db.session.commit()


@contextmanager
def _workers(environment: dict[str, str]) -> Iterator[None]:
    with (HOME / "triggers.log").open("wb") as log:
        command = [sys.executable, "worker.py", "events", "send", "runs"]
        worker = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            time.sleep(4)
            yield
        finally:
            worker.terminate()
            worker.wait(30)


def _await(count: int) -> None:
    """Whoever may not be written to is settled, too."""
    end = time.monotonic() + PATIENCE
    while (settled := _settled()) < count:
        if time.monotonic() > end:
            raise Unable(f"Of {count:,} answers {settled:,} were settled after {PATIENCE:.0f} s.")
        time.sleep(0.2)


def _waited() -> list[float]:
    from app.db import db

    found = [float(one) for one in db.session.scalars(text(WAITED))]
    db.session.rollback()
    return found


def _settled() -> int:
    from app.db import db

    asked = "SELECT count(*) FROM deliveries WHERE occasion <> '' AND state NOT IN ('planned', 'sealed')"
    found = db.session.scalar(text(asked)) or 0
    db.session.rollback()
    return found


def _left() -> int:
    from app.db import db

    return db.session.scalar(text("SELECT count(*) FROM batches WHERE waiting_since IS NOT NULL")) or 0


def _clean(is_whole: bool = True) -> None:
    from app.db import db

    db.session.execute(text("SELECT set_config('campus.passage', 'retention', true)"))  # events are never deleted else
    db.session.execute(text("TRUNCATE events, event_keys, event_work, trigger_waits, trigger_last"))
    if is_whole:
        db.session.execute(text("DELETE FROM automations WHERE name = 'Bench'"))
    db.session.execute(text("DELETE FROM batches"))
    db.session.execute(text("TRUNCATE deliveries, run_addresses"))
    db.session.execute(text("DELETE FROM runs"))
    db.session.commit()
    if is_whole:
        send.empty()
