"""A run to two thousand people, real workers, a provider that counts; the oracle joins its ledger with our rows."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psutil
from flask import Flask
from sqlalchemy import select, text

from app.consent import preferences
from app.consent.preferences import Word
from app.content.template import TemplateVersion
from app.db import db
from app.deliveries import runs
from app.deliveries.batch import Batch
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from app.embedded import lifeline, servers
from app.embedded.place import Place
from app.embedded.postgres import Postgres
from app.queue import ring
from app.segments.segment import Segment
from app.settings import topics
from tests.automations.making import make_segment
from tests.deliveries.making import make_version, planned
from tests.factories import make_customer
from tests.provider.running import Provider, apart
from tests.work.running import OwnRedis, Workers, until

PEOPLE = 2_000
HEALED = 60  # seconds, after the end of the fault
# Who they are, how many, which address the nth has, and what has to become of them.
KINDS = (
    ("Eligible", PEOPLE, "'p' || n || '@posteo.example'", ("accepted", None)),
    ("Silent", 10, "NULL", ("skipped", "no_address")),
    ("Twin", 10, "'P' || n || '@Posteo.example'", ("skipped", "duplicate_address")),
    ("Odd", 3, "'a' || n || '@x.example,b@x.example'", ("skipped", "bad_address")),
    ("Leaver", 10, "'leaver' || n || '@posteo.example'", ("skipped", "unsubscribed")),
)
MAKE = """
    INSERT INTO customers (first_name, last_name, email, created_date)
    SELECT :name, n::text, {email}, now() FROM generate_series(1, :many) n ORDER BY n RETURNING id
"""
Fate = tuple[str, str | None]


def make_people(people: int = PEOPLE) -> dict[int, Fate]:
    """What has to become of each."""
    wanted: dict[int, Fate] = {}
    for name, many, email, fate in KINDS:
        said = {"name": name, "many": people if many == PEOPLE else many}
        ids = db.session.scalars(text(MAKE.format(email=email)), said).all()
        wanted |= dict.fromkeys(ids, fate)
    for customer_id, fate in wanted.items():
        if fate == ("skipped", "unsubscribed"):
            say_no(customer_id)
    db.session.commit()
    return wanted


def say_no(customer_id: int) -> None:
    word = Word("page", "test", datetime.now(UTC), shown="No more")
    preferences.say(customer_id, {topics.id_of("newsletter"): False}, word)


@dataclass
class Stage:
    app: Flask
    env: dict[str, str]
    redis: OwnRedis
    provider: Provider
    server: subprocess.Popen[str]
    folder: Path
    exits: ExitStack
    wanted: dict[int, Fate]
    started: list[Workers] = field(default_factory=list)
    postgres: OwnPostgres | None = None
    version: TemplateVersion | None = None
    segment: Segment | None = None
    log_begins: int = 0

    @property
    def mark(self) -> Path:
        return self.folder / "it has happened"

    @property
    def log(self) -> str:
        """Of all its workers."""
        return (self.folder / "log").read_text()[self.log_begins :]

    def forget_log(self) -> None:
        """What was said until now."""
        self.log_begins = len((self.folder / "log").read_text())

    def start(self, *queues: str, **env: str) -> Workers:
        """With a step at which one of them stops, where `env` names one."""
        theirs = {**self.env, "WORK_MODULES": "tests.faults.stopping", "STOP_MARK": str(self.mark), **env}
        self.started.append(Workers(theirs, self.folder / "log", *(queues or ("send", "runs"))))
        return self.started[-1]

    def plan(self) -> Run:
        """Of the two thousand; whatever was there before is forgotten, here and there."""
        db.session.execute(text("TRUNCATE runs, deliveries, provider_accounts CASCADE"))
        self.provider.ask("DELETE", "/_ledger")
        self.version, self.segment = self.version or make_version(), self.segment or make_segment()
        run = planned(self.version, segment_id=self.segment.id)
        ring("automations.plan_runs")
        return run

    def until_it_happened(self, seconds: float = 60) -> None:
        until(self.mark.exists, seconds)

    def refuse(self, customer_id: int) -> None:
        """Somebody says no in the middle of it."""
        say_no(customer_id)
        db.session.commit()
        self.wanted[customer_id] = ("skipped", "unsubscribed")

    def make_odd(self) -> int:
        """Somebody whose address only the provider finds fault with."""
        customer_id = make_customer(email="mäya@posteo.example").id
        self.wanted[customer_id] = ("failed", None)
        return customer_id

    def go_on(self) -> None:
        self.mark.with_name(f"{self.mark.name}.go").touch()

    def restart_provider(self, away: float) -> None:
        port = int(self.provider.url.rpartition(":")[2])
        self.server.kill()
        self.server.wait()
        time.sleep(away)
        self.provider, self.server = self.exits.enter_context(apart(self.folder / "ledger", port))

    def wake(self) -> None:
        psutil.Process(int(self.mark.read_text())).send_signal(signal.SIGCONT)

    def cut_power(self) -> None:
        for one in self.started:
            kill(one.process)
        self.started.clear()


def kill(process: subprocess.Popen[bytes]) -> None:
    """All of them at once, as a machine that loses its power does."""
    if process.poll() is None:
        whole = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for one in whole:
            with suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGKILL)
        psutil.wait_procs(whole, 10)
    process.wait(10)


@contextmanager
def rung_at(app: Flask, redis_url: str) -> Iterator[None]:
    """What this process rings is heard by those workers."""
    before = app.extensions["config"]
    app.extensions["config"] = dataclasses.replace(before, redis_url=redis_url)
    try:
        yield
    finally:
        app.extensions["config"] = before


class OwnPostgres:
    """Its files outlive a crash, as those of a server do."""

    def __init__(self, place: Place) -> None:
        self.server = Postgres(place)

    def start(self) -> None:
        servers.start(self.server)

    def crash(self) -> None:
        """Without a word to anybody: the next start has its log to replay."""
        db.session.rollback()
        db.engine.dispose()
        os.kill(int((self.server.data / "postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
        lifeline.wait_for_end(self.server.leash())


def posting() -> int:
    """How many batches have left this machine."""
    db.session.rollback()
    return db.session.scalar(text("SELECT count(*) FROM batches WHERE posted_at IS NOT NULL")) or 0


def held_batch() -> int:
    db.session.rollback()
    return db.session.scalars(select(Batch.id).where(Batch.lease_until.is_not(None)).order_by(Batch.id)).first() or 0


def hurry(batch_id: int) -> None:
    """Its turn comes before that of all others, so that the run is not over when it is done."""
    db.session.execute(text("UPDATE batches SET lane = 0 WHERE id = :id"), {"id": batch_id})
    db.session.commit()


def is_done(batch_id: int) -> bool:
    db.session.rollback()
    return db.session.scalar(select(Batch.state).where(Batch.id == batch_id)) == "done"


def one_of(batch_id: int) -> int:
    theirs = select(Delivery.customer_id).join(Batch, (Batch.run_id == Delivery.run_id) & (Batch.part == Delivery.part))
    return db.session.scalars(theirs.where(Batch.id == batch_id).order_by(Delivery.id)).first() or 0


def fresh(run: Run) -> Run:
    db.session.rollback()
    db.session.expire_all()
    return run


def is_over(run: Run) -> bool:
    return fresh(run).state == "finished" and runs.account(run).waiting == 0


def healed(stage: Stage, run: Run, seconds: float = HEALED) -> float:
    """Everybody who may get it has it, once; how long that took from now."""
    began = time.monotonic()
    until(lambda: is_over(run), seconds)
    took = round(time.monotonic() - began, 1)
    assert wrongs(stage, run) == []
    return took


def wrongs(stage: Stage, run: Run) -> list[str]:
    """Everything that is not as it has to be; nothing, where all is well."""
    rows = db.session.scalars(select(Delivery).where(Delivery.run_id == fresh(run).id)).all()
    return [*_of_mails(stage, rows), *_of_people(stage, rows), *_of_sums(run)]


def _of_mails(stage: Stage, rows: Sequence[Delivery]) -> list[str]:
    """By what the provider took."""
    mails = stage.provider.mails
    got = Counter(mail["recipient"].lower() for mail in mails)
    meant = {(row.email or "").lower() for row in rows if stage.wanted[row.customer_id][0] == "accepted"}
    known = {str(row.id): row.provider_id for row in rows if row.state == "accepted"}
    named = {msgspec.json.decode(mail["tags"])["delivery_id"]: mail["id"] for mail in mails}
    return _said(
        {
            "got it twice": [one for one, times in got.items() if times > 1],
            "repeated": [1] * stage.provider.counts["repeated"],
            "got nothing": meant - set(got),
            "must not get it": set(got) - meant,
            "accepted under another id": [one for one, known_as in known.items() if named.get(one) != known_as],
        }
    )


def _of_people(stage: Stage, rows: Sequence[Delivery]) -> list[str]:
    found = {row.customer_id: (row.state, row.reason) for row in rows}
    differ = Counter((stage.wanted[one], found.get(one)) for one in stage.wanted if found.get(one) != stage.wanted[one])
    return [f"{count} should be {meant}, are {is_}" for (meant, is_), count in differ.items()]


def _of_sums(run: Run) -> list[str]:
    found = runs.account(run)
    left_out = sum(found.skipped.values()) + sum(found.failed.values())
    adds_up = run.planned == found.planned == found.waiting + found.accepted + left_out + found.uncertain
    return [] if adds_up and not found.waiting and run.state == "finished" else [f"the run is {run.state}: {found}"]


def _said(by_fault: dict[str, Sequence[object] | set[str]]) -> list[str]:
    return [f"{len(people)} {fault}" for fault, people in by_fault.items() if people]
