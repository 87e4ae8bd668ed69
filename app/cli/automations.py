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
from app.automations import cron, definition, directory, keeping, occasions, readiness, schedule, triggers
from app.automations.automation import Automation
from app.db import db
from app.deliveries import runs
from app.deliveries.run import Run
from app.queue import ring

AT_ONCE = 1_000
GRACE = timedelta(minutes=5)  # that the system's cron may come late
ROOT = Path(__file__).parents[2]
# Date is asked in UTC when the line begins: a zone's own clock shows one hour twice a year.
LINE = '{expression} cd {root} && bin/flask automations run {id} --at "$(date -u +\\%Y-\\%m-\\%dT\\%H:\\%MZ)"'
HEAD = "# Written by bin/refresh_automation.sh: the active automations, each on the clock of its zone (CRON_TZ)."

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
def run(automation_id: int, planned: str | None) -> None:
    """Start one more run now; with --at the run of that planned time, unless it is there. Prints `run N`."""
    automation = keeping.find(automation_id)
    if automation is None:
        raise click.ClickException(f"There is no automation {automation_id}.")
    if unready := readiness.problems(automation):
        raise click.ClickException(unready[0].message)
    made = _planned(automation, planned) if planned else occasions.by_hand(automation, datetime.now(UTC), COMMAND_LINE)
    db.session.commit()
    ring("automations.plan_runs")
    click.echo(f"run {made.id}")


@group.command("crontab")
def crontab() -> None:
    """Print the system's crontab for the active automations."""
    click.echo(HEAD)
    zone = ""
    for automation in _active():
        if triggers.kind_of(automation.trigger) != "cron":
            continue  # once is no line of a crontab; the scheduler keeps it
        if (own := definition.zone_of(automation)) != zone:
            zone = own
            click.echo(f"CRON_TZ={zone}")
        said = str(automation.trigger["cron"])
        expression = " ".join(field.text for field in cron.read(said).fields)
        click.echo(LINE.format(expression=expression, root=quote(str(ROOT)), id=automation.id))


def _active() -> list[Automation]:
    """By zone, which a crontab names once for all lines below."""
    found = db.session.scalars(select(Automation).where(Automation.is_active).order_by(Automation.id)).all()
    return sorted(found, key=lambda one: (definition.zone_of(one), one.id))


def _planned(automation: Automation, written: str) -> Run:
    """A cron that does not know CRON_TZ rings at other times: those are nobody's plan, and nothing is sent."""
    if not automation.is_active:
        raise click.ClickException(f"“{automation.name}” is not active: nothing is sent.")
    at = _moment(written, definition.zone_of(automation))
    times = triggers.next_times(automation.trigger, definition.zone_of(automation), at - GRACE, 6)
    planned = max((one for one in times if one <= at), default=None)
    if planned is None:
        raise click.ClickException(f"{written} is no planned time of “{automation.name}”: nothing is sent.")
    run = occasions.at(automation, planned, COMMAND_LINE.name) or runs.called(occasions.key_of(automation, planned))
    assert run is not None
    return run


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
