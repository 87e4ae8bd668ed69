"""`bin/flask demo`: a believable product, small enough to start with or large enough to measure."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from itertools import chain

import click
import psycopg
from flask import current_app
from flask.cli import with_appcontext

from app.audit import record
from app.audit.actor import COMMAND_LINE
from app.catalogue import counting
from app.config import Config
from app.db import db
from app.demo import arrivals, automations, furnish, load, segments, shoppers, wishes
from app.demo.plan import Plan, midnight
from app.demo.year import bringing, readers
from app.events import partitions
from app.metrics import rolling

SMALL = (3_000, 40_000)
A_LOT = 50_000  # customers; from here on several processes load and the indexes step aside


@click.command("demo")
@click.option("--customers", type=click.IntRange(1, 20_000_000), default=SMALL[0], show_default=True)
@click.option("--events", type=click.IntRange(0, 200_000_000), default=SMALL[1], show_default=True)
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed makes the same rows.")
@click.option("--now", "now_said", type=click.DateTime(), help="When it ends (UTC). Default: today at 00:00.")
@click.option("--small", is_flag=True, help="What bin/dev starts with; does nothing where customers are.")
@click.option("--replace", is_flag=True, help="Delete all customers with their events and mails first.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@click.option("--jobs", type=click.IntRange(1, 64), help="Processes that make rows. Default: one per core.")
@with_appcontext
def demo(  # noqa: PLR0913, PLR0917 — one per option
    customers: int,
    events: int,
    seed: int,
    now_said: datetime | None,
    small: bool,
    replace: bool,
    yes: bool,
    jobs: int | None,
) -> None:
    """Fill an empty product with people, journeys and behaviour."""
    now = int(now_said.replace(tzinfo=UTC).timestamp()) if now_said else midnight(datetime.now(UTC))
    plan = Plan(*SMALL, seed, now) if small else Plan(customers, events, seed, now)
    began = time.monotonic()
    try:
        counts = _load(plan, small=small, replace=replace, yes=yes, jobs=jobs)
    except load.Refused as refused:
        raise click.ClickException(str(refused)) from None
    if counts:
        _sum_up(counts, time.monotonic() - began)


def _load(plan: Plan, *, small: bool, replace: bool, yes: bool, jobs: int | None) -> load.Counts | None:
    state = load.state(_driver())
    if small and not replace and state == "filled":
        click.echo("There are customers already: the demo is left out.")
        return None
    load.refuse(state, may_replace=replace)
    if state != "empty" and not yes:
        click.confirm("This deletes all customers with everything they did. Go on?", abort=True)
    partitions.ensure(plan.began_at, plan.now_at)
    partitions.ensure_ahead(max(plan.now_at, datetime.now(UTC)))
    furnish.product(plan)
    record(
        COMMAND_LINE,
        "loaded",
        "demo",
        (None, "Demo"),
        None,
        {"customers": plan.customers, "events": plan.events, "seed": plan.seed},
    )
    counts = _bring(plan, jobs or 0)
    wishes.bring(plan)
    arrivals.bring(plan)
    shoppers.bring(plan)
    segments.bring(plan)
    automations.bring(plan)
    counts = _added(counts, bringing.bring(plan))
    if (apart := readers.apart(plan)) > 1:
        click.echo(f"Mail, and what came back of it, is told of every {apart:,}th customer.")
    db.session.commit()
    now = datetime.now(UTC)
    for _ in chain(counting.count(now), rolling.roll_up(now)):
        db.session.commit()
    db.session.commit()
    return counts


def _bring(plan: Plan, jobs: int) -> load.Counts:
    if plan.customers < A_LOT:
        return load.at_once(_driver(), plan)
    db.session.commit()
    config: Config = current_app.extensions["config"]
    return load.whole(load.plain(config.database_url), plan, click.echo, jobs)


def _added(counts: load.Counts, more: load.Counts) -> load.Counts:
    return counts | {table: counts.get(table, 0) + count for table, count in more.items()}


def _driver() -> psycopg.Connection:
    """The session's own connection, so that COPY is part of its transaction."""
    connection = db.session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    return connection


def _sum_up(counts: load.Counts, seconds: float) -> None:
    for table, count in counts.items():
        click.echo(f"{count:>12,}  {table.replace('_', ' ')}")
    click.echo(f"{sum(counts.values()):>12,}  rows in {seconds:.1f} s")
