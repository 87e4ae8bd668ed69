"""`flask api-keys …`: the keys of other systems."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.accounts import api_keys
from app.accounts.api_key import SCOPES
from app.audit.actor import COMMAND_LINE
from app.db import db

group = AppGroup("api-keys", help="Keys of other systems.")


@group.command("create")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, help=f"May be repeated: {', '.join(SCOPES)}.")
def create(name: str, scopes: tuple[str, ...]) -> None:
    """Make a key; it stands alone on the last line and is never shown again."""
    if errors := api_keys.problems(name, scopes):
        raise click.ClickException(" ".join(errors.values()))
    _key, written = api_keys.create(name, scopes, COMMAND_LINE)
    db.session.commit()
    click.echo(written)
