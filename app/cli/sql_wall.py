"""`flask sql-wall`: the script that gives SQL segments their restricted login, and whether it holds."""

from __future__ import annotations

import secrets

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import make_url

from app.config import Config
from app.segments import wall
from app.segments.wall.script import script


@click.command("sql-wall")
@click.option("--role", default="campus_wall", show_default=True, help="The login that is made, where none is set yet.")
@click.option("--test", "is_test", is_flag=True, help="Say what is wrong instead; exit 1 where something is.")
@with_appcontext
def sql_wall(role: str, is_test: bool) -> None:
    """Print the script that a superuser of PostgreSQL runs for SQL segments (psql DATABASE -f …)."""
    if is_test:
        _say_what_is_wrong()
    else:
        _print(role)


def _say_what_is_wrong() -> None:
    if wrong := wall.test():
        raise click.ClickException(" ".join(wrong))
    click.echo("The wall stands.")


def _print(role: str) -> None:
    """With the login that is set, so that a second run changes no password."""
    config: Config = current_app.extensions["config"]
    app = make_url(config.database_url)
    login = make_url(config.sql_wall_database_url or config.database_url)
    if not config.sql_wall_database_url:
        login = login.set(username=role, password=secrets.token_urlsafe(24))
    named = login.set(drivername="postgresql").render_as_string(hide_password=False)
    click.echo(f"-- Run it as a superuser in the database {app.database}, then set\n-- SQL_WALL_DATABASE_URL={named}")
    click.echo(
        script(
            app=app.username or "",
            database=app.database or "",
            role=login.username or role,
            password=login.password or "",
        )
    )
