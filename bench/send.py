"""Sending: a mail of 40 KB for each of many through a provider on this machine, beside what the machine could at best.

The ceiling renders, packs and posts the same mails and keeps nothing. Ours freezes, claims, seals, posts and records.
"""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench.databases import Database, Unable
from bench.render import source
from bench.table import Table

TITLE = "Sending: 40 KB for each person, a hundred to a call, through a provider on this machine"
COLUMNS = ("what", "mails", "seconds", "mails/s", "CPU µs/mail", "peak MB", "ratio")
DATABASE = Database("campus_bench_permission", 1_000_000, 100_000)
SIZES = (10_000, 100_000)
ALONE = 2_000  # mails of the reference that posts them one by one
BATCH = 100
FAST = 100_000  # calls a second that the provider allows: it is not to be what is measured
SAID = "Everything the product does is switched on; the database does not wait for the disk."


@dataclass(frozen=True)
class Taken:
    mails: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        return self.mails / self.seconds

    def row(self, what: str, ratio: str) -> tuple[str, ...]:
        each = f"{self.cpu / self.mails * 1e6:.0f}"
        return what, f"{self.mails:,}", f"{self.seconds:.1f}", f"{self.rate:,.0f}", each, f"{_peak():.0f}", ratio


def run() -> Table:
    DATABASE.ensure()
    table = Table(COLUMNS)
    with provided():
        empty()
        ceiling = _measured(SIZES[0], lambda: _bare(SIZES[0], BATCH))
        alone = _measured(ALONE, lambda: _bare(ALONE, 1))
        table.rows += [ceiling.row("ceiling: render, pack, post", "1.00"), _one_by_one(alone, ceiling)]
        for size in SIZES:
            ours = _measured(size, _sent(size))
            table.rows.append(ours.row("ours, one worker", f"{ours.rate / ceiling.rate:.2f} of the ceiling"))
        table.rows.append(_planned())
        empty()
    return table


@contextmanager
def provided(database: Database = DATABASE) -> Iterator[dict[str, str]]:
    """The product on the bench's database, with the look-alike of Resend for its provider."""
    from app import create_app
    from app.config import from_environment

    with _provider() as url:
        resend = {"MAIL_PROVIDER": "resend", "RESEND_API_KEY": "re_bench", "RESEND_API_URL": url}
        environment = {**database.environment, **resend}
        with create_app(from_environment(environment), "bench").app_context():
            yield environment


def _one_by_one(alone: Taken, ceiling: Taken) -> tuple[str, ...]:
    return alone.row("one mail to a call, nothing kept", f"{alone.rate / ceiling.rate:.2f} of the ceiling")


def _bare(size: int, each: int) -> None:
    from app.deliveries import message
    from app.deliveries.providers import resend

    run = _run(f"bare-{size}-{each}")
    writer, people = message.Writer.of(run), list(message.people(ids(size)).values())
    for at in range(0, size, each):
        mails = [writer.write(person.id, person, {}) for person in people[at : at + each]]
        resend.post(resend.pack(mails), f"bare-{each}-{at}-{time.time_ns()}")


def _sent(size: int) -> Callable[[], None]:
    """Planned beforehand: planning has a line of its own."""
    from app.db import db
    from app.deliveries import jobs, runs
    from app.deliveries.run import Run

    run_id = filled(size).id

    def send() -> None:
        while jobs.send():
            pass
        run = db.session.get_one(Run, run_id, populate_existing=True)
        account = runs.account(run)
        if (run.state, account.accepted + sum(account.skipped.values())) != ("finished", size):
            raise Unable(f"Of {size:,} mails {account.accepted:,} were accepted; the run is {run.state}.")

    return send


def _planned() -> tuple[str, ...]:
    """What a million recipients take until the first of them can be sealed."""
    taken = _measured(1_000_000, lambda: filled(1_000_000))
    return taken.row("planning", "")


def filled(size: int) -> Any:
    from app.db import db
    from app.deliveries import filling, runs
    from app.deliveries.filling import Whom

    run, now = _run(f"send-{size}"), datetime.now(UTC)
    filling.fill(run, Whom("SELECT id AS customer_id FROM customers ORDER BY id LIMIT :most", {"most": size}), now)
    runs.begin(run, now)
    db.session.commit()
    return run


def _run(key: str) -> Any:
    from app.db import db
    from app.deliveries.run import Run

    run = Run(
        key=f"bench-{key}-{time.time_ns()}",
        name="Bench",
        planned_for=datetime.now(UTC),
        version_id=version(),
        purpose="informational",
        timezone="Europe/Berlin",
        sender="Campus <mail@campus.example>",
        limits={},
        by_name="bench",
        waiting_since=None,
    )
    db.session.add(run)
    db.session.commit()
    return run


def version() -> int:
    from app.content import links
    from app.content.template import Link, MessageTemplate, TemplateVersion
    from app.db import db

    template = MessageTemplate(name="Bench", type="email")
    db.session.add(template)
    db.session.flush()
    html = source()
    version = TemplateVersion(
        template_id=template.id,
        number=1,
        subject="{{ customer.first_name }}, your course",
        preheader="",
        message="",
        html=html,
        text="Hello {{ customer.first_name }}",
        policies={},
        fields=[],
        weight=len(html),
        by_name="bench",
    )
    db.session.add(version)
    db.session.flush()
    found = [Link(version_id=version.id, place=one.place, href=one.href, label="") for one in links.find(html)]
    db.session.add_all(found)
    return version.id


def ids(size: int) -> list[int]:
    from app.db import db

    found = db.session.scalars(text("SELECT id FROM customers ORDER BY id LIMIT :most"), {"most": size})
    return list(found)


def empty() -> None:
    from app.db import db

    for statement in (
        "DELETE FROM batches",
        "TRUNCATE deliveries, run_addresses",
        "DELETE FROM runs",
        "DELETE FROM message_templates WHERE name = 'Bench'",
    ):
        db.session.execute(text(statement))
    db.session.commit()


def _measured(mails: int, what: Callable[[], object]) -> Taken:
    gc.collect()
    began, cpu = time.perf_counter(), time.process_time()
    what()
    return Taken(mails, time.perf_counter() - began, time.process_time() - cpu)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def _provider() -> Iterator[str]:
    """The look-alike of Resend, as a process of its own."""
    import urllib3

    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "app.emulator", str(Path(folder) / "ledger")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            url = process.stdout.readline().split()[-1]
            try:
                urllib3.request("POST", f"{url}/_settings", json={"rate": FAST})
                yield url
            finally:
                process.terminate()
