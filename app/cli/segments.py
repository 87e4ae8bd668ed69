"""`flask segments count ID` and `flask segments list`: what there is, and how many each has now."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from app.segments import audience, directory, keeping
from app.segments.segment import Segment
from app.segments.unavailable import Unavailable

AT_ONCE = 1_000

group = AppGroup("segments", help="To whom.")


@group.command("count")
@click.argument("segment_id", metavar="ID", type=click.IntRange(1))
def count(segment_id: int) -> None:
    """Print how many are in it now: the number alone."""
    segment = keeping.find(segment_id)
    if segment is None:
        raise click.ClickException(f"There is no segment {segment_id}.")
    try:
        click.echo(audience.count(audience.of(segment, datetime.now(UTC))))
    except Unavailable as why:
        raise click.ClickException(why.said) from None


@group.command("list")
def list_all() -> None:
    """Print every segment: id, kind, size as it was last counted, name."""
    last = 0
    while some := directory.after(last, AT_ONCE):
        for segment in some:
            click.echo(_line(segment))
        last = some[-1].id


def _line(segment: Segment) -> str:
    size = "-" if segment.size is None else f"{segment.size:,}"
    archived = "  (archived)" if segment.archived_at else ""
    return f"{segment.id:>6}  {segment.type:<8}  {size:>12}  {segment.name}{archived}"
