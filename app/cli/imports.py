"""`flask import customers FILE`, `funnel-events FILE`, `segment-list FILE --segment ID`: the journey, nobody asked.

The last line is `created N updated N unchanged N rejected N`. Killed half-way, any worker carries it on.
"""

from __future__ import annotations

import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from app.audit.actor import COMMAND_LINE
from app.db import db
from app.imports import jobs, journey, people_of_lists, suppression_list
from app.imports.progress import look
from app.imports.upload import AT_WORK, Import
from app.queue import ring
from app.segments import keeping

EVERY = 0.3  # seconds between two looks
WIDTH = 30


group = AppGroup("import", help="Import a CSV file.")


@group.command("customers", help="Customers and their attributes; any column that is not a field is an attribute.")
@click.argument("file", type=click.File("rb"))
@click.option("--keep-empty/--clear-empty", default=True, help="What an empty cell does to a value.")
@click.option("--create/--no-create", default=True, help="Whether unknown people become customers.")
def customers(file: BinaryIO, keep_empty: bool, create: bool) -> None:
    _import("customers", file, {"keep_empty": keep_empty, "create": create})


@group.command("funnel-events", help="Moves from one stage of a funnel to another.")
@click.argument("file", type=click.File("rb"))
def funnel_events(file: BinaryIO) -> None:
    _import("funnel_events", file, {})


@group.command("segment-list", help="The people of a list: customer_id, lms_lead_id or email.")
@click.argument("file", type=click.File("rb"))
@click.option("--segment", "segment_id", type=click.IntRange(1), required=True, help="The segment that is this list.")
def segment_list(file: BinaryIO, segment_id: int) -> None:
    if not people_of_lists.is_list(keeping.find(segment_id)):
        raise click.ClickException(f"There is no list {segment_id}.")
    _import(people_of_lists.KIND, file, {"segment_id": segment_id})


@group.command("suppressions", help="Whom nothing may be sent to: customer_id, lms_lead_id or email; perhaps a reason.")
@click.argument("file", type=click.File("rb"))
def suppressions(file: BinaryIO) -> None:
    try:
        tally = suppression_list.read_in(file, COMMAND_LINE.name, datetime.now(UTC))
    except suppression_list.NoList as problem:
        raise click.ClickException(str(problem)) from None
    db.session.commit()
    for reject in tally.rejects:
        click.echo(f"line {reject.index}: {reject.message}", err=True)
    click.echo(
        f"created {tally.created} updated {tally.updated} unchanged {tally.unchanged} rejected {len(tally.rejects)}"
    )


def _import(kind: str, source: BinaryIO, options: dict[str, Any]) -> None:
    upload = _begin(kind, source, options)
    import_id = upload.id
    upload = _carried_on(import_id)
    if upload.state != "done":
        raise click.ClickException(upload.problem or f"Import {import_id} is {upload.state} now.")
    if upload.rejected:
        click.echo(f"The rejected rows with their reasons stand at /imports/{import_id}.", err=True)
    click.echo(
        f"created {upload.created} updated {upload.updated} unchanged {upload.unchanged} rejected {upload.rejected}"
    )


def _begin(kind: str, source: BinaryIO, options: dict[str, Any]) -> Import:
    upload = journey.begin(kind, Path(str(source.name)).name, COMMAND_LINE)
    journey.store(upload, source)
    if upload.state == "failed":
        db.session.rollback()
        raise click.ClickException(upload.problem or "This file cannot be read.")
    if problems := journey.set_columns(upload, upload.columns, options):
        db.session.rollback()
        raise click.ClickException("\n".join(problems.values()))
    upload.goes_on = True
    db.session.commit()
    ring("imports")
    return upload


def _carried_on(import_id: int) -> Import:
    """Looks at it until it rests. The work is done here, or by a worker that was quicker."""
    while True:
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        worker = threading.Thread(target=_work, args=(app,), daemon=True)
        worker.start()
        while worker.is_alive():
            worker.join(EVERY)
            _say(_fresh(import_id))
        upload = _fresh(import_id)
        if upload.state not in AT_WORK:
            click.echo("", err=True)
            return upload
        time.sleep(EVERY)


def _work(app: Flask) -> None:
    with app.app_context():
        jobs.carry_on()
        db.session.remove()


def _fresh(import_id: int) -> Import:
    db.session.rollback()
    return db.session.get_one(Import, import_id, populate_existing=True)


def _say(upload: Import) -> None:
    """A bar on a terminal, a line a second elsewhere would only fill a log: nothing."""
    if not sys.stderr.isatty():
        return
    now = look(upload, datetime.now(UTC))
    filled = "█" * int((now.share or 0) * WIDTH)
    rate = f"{now.rate:,.0f} rows/s" if now.rate else ""
    left = f"{now.left:,.0f} s left" if now.left else ""
    click.echo(f"\r{now.said:<32} {filled:░<{WIDTH}} {now.done:>12,} {rate:>16} {left:>12}", err=True, nl=False)
