"""The mails that the product comes with."""

from __future__ import annotations

import click
from flask.cli import AppGroup

group = AppGroup("templates", help="The mails that the product comes with.")


@group.command("freeze-starters")
@click.option("--draw", is_flag=True, help="Draw their pictures anew first.")
def freeze_starters(draw: bool) -> None:
    """For us who make the product: publish the starters into the files that the migration lays out."""
    from app.content.starters import book, scenes

    if draw:
        for name, content in scenes.drawn().items():
            (book.IMAGES / f"{name}.png").write_bytes(content)
    for file in book.freeze():
        click.echo(f"{file.name}  {file.stat().st_size:,} bytes")
