"""`flask automations list | refresh | run ID | crontab`: what acts when, and the system's cron as another clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from shlex import quote
from zoneinfo import ZoneInfo

import click
from flask.cli import AppGroup
from sqlalchemy import select

from app.audit.actor import COMMAND_LINE
from app.automations import cron, definition, directory, keeping, occasions, readiness, schedule, system_cron, triggers
from app.automations.automation import Automation
from app.automations.behaviours import scanning
from app.db import db
from app.deliveries import runs
from app.deliveries.run import Run
from app.queue import ring

AT_ONCE = 1_000
GRACE = timedelta(minutes=5)  # that the system's cron may come late
ROOT = Path(__file__).parents[2]
# Date is asked in UTC when the line begins: a zone's own clock shows one hour twice a year.
LINE = '{expression} cd {root} && bin/flask automations run {id} --at "$(date -u +\\%Y-\\%m-\\%dT\\%H:\\%MZ)"{more}'
IF_DUE = " --if-due"
HEAD = "# Written by bin/refresh_automation.sh: the active automations, on the clock of this machine."

group = AppGroup("automations", help="When.")


@group.command("list")
def list_all() -> None:
    """Print every automation: id, whether it acts, when next, name."""
    last = 0
    while some := directory.after(last, AT_ONCE):
        for automation in some:
            click.echo(_line(automation))
        last = some[-1].id


@group.command("refresh")
def refresh() -> None:
    """Work out anew when each active automation acts next."""
    moved = schedule.refresh(datetime.now(UTC))
    db.session.commit()
    click.echo(f"{len(_active())} active, {moved} moved")


@group.command("run")
@click.argument("automation_id", metavar="ID", type=click.IntRange(1))
@click.option("--at", "planned", metavar="MINUTE", help="The planned time, like 2026-12-01T10:00Z: it runs once.")
@click.option("--if-due", is_flag=True, help="With --at: what is no planned time is no error.")
def run(automation_id: int, planned: str | None, if_due: bool) -> None:
    """Start one more run now; with --at the run of that planned time, unless it is there. Prints `run N`."""
    automation = keeping.find(automation_id)
    if automation is None:
        raise click.ClickException(f"There is no automation {automation_id}.")
    if planned and if_due and not _is_due(automation, planned):
        return
    if unready := readiness.by_hand(automation):
        raise click.ClickException(unready[0].message)
    made = _planned(automation, planned) if planned else _by_hand(automation)
    db.session.commit()
    ring("automations.plan_runs")
    click.echo(f"run {made.id}")


@group.command("crontab")
def crontab() -> None:
    """Print the system's crontab for the active automations."""
    click.echo(HEAD)
    for automation in _active():
        if triggers.kind_of(automation.trigger) == "cron":  # once is no line of a crontab; the scheduler keeps it
            click.echo(_entry(automation))


def _entry(automation: Automation) -> str:
    own, zone = cron.read(str(automation.trigger["cron"])), ZoneInfo(definition.zone_of(automation))
    line = system_cron.line(own, zone, system_cron.machine_zone(), datetime.now(UTC))
    more = "" if line.is_exact else IF_DUE
    return LINE.format(expression=line.expression, root=quote(str(ROOT)), id=automation.id, more=more)


def _active() -> list[Automation]:
    return list(
        db.session.scalars(
            select(Automation).where(Automation.is_active, ~Automation.is_passing).order_by(Automation.id)
        )
    )


def _planned(automation: Automation, written: str) -> Run:
    if not automation.is_active:
        raise click.ClickException(f"“{automation.name}” is not active: nothing is sent.")
    planned = _planned_time(automation, written)
    if planned is not None and triggers.looks_at_shop(automation.trigger):
        scanning.plan(automation, planned)
        return occasions.of_the_day(automation, planned)
    if planned is None:
        raise click.ClickException(f"{written} is no planned time of “{automation.name}”: nothing is sent.")
    run = occasions.at(automation, planned, COMMAND_LINE.name) or runs.called(occasions.key_of(automation, planned))
    assert run is not None
    return run


def _by_hand(automation: Automation) -> Run:
    return occasions.by_hand(automation, datetime.now(UTC), COMMAND_LINE, occasions.new_occasion())


def _is_due(automation: Automation, written: str) -> bool:
    return automation.is_active and _planned_time(automation, written) is not None


def _planned_time(automation: Automation, written: str) -> datetime | None:
    """The latest one that the cron may be late for."""
    zone = definition.zone_of(automation)
    at = _moment(written, zone)
    times = triggers.next_times(automation.trigger, zone, at - GRACE, 6)
    return max((one for one in times if one <= at), default=None)


def _moment(written: str, zone: str) -> datetime:
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        raise click.ClickException("A planned time looks like 2026-12-01T10:00Z.") from None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def _line(automation: Automation) -> str:
    state = "archived" if automation.archived_at else "active" if automation.is_active else "-"
    zone = ZoneInfo(definition.zone_of(automation))
    next_at = f"{automation.next_at.astimezone(zone):%Y-%m-%d %H:%M %z}" if automation.next_at else "-"
    return f"{automation.id:>6}  {state:<8}  {next_at:<22}  {automation.name}"
