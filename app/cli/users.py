"""`flask users …`: the first people, before anybody can invite anybody, and a way back for an admin who forgot."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click
from flask import current_app, url_for
from flask.cli import AppGroup

from app.accounts import invitations, passwords, users
from app.accounts.user import ROLES
from app.audit.actor import COMMAND_LINE
from app.db import db

group = AppGroup("users", help="People who may sign in.")


@group.command("create")
@click.argument("email")
@click.option("--role", required=True, help=f"One of {', '.join(ROLES)}.")
@click.option("--name", help="Shown to colleagues; made from the address if not given.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def create(email: str, role: str, name: str | None, password_stdin: bool) -> None:
    """Add a person who can sign in at once."""
    password = _from_stdin() if password_stdin else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    _add(name or users.name_from(email), email, role, password)
    click.echo(f"{email} may sign in as {role}.")


@group.command("ensure-first")
@click.option("--email", required=True)
@click.option("--password-stdin", "_stdin", is_flag=True, required=True)
def ensure_first(email: str, _stdin: bool) -> None:
    """Add an admin where nobody can sign in yet; otherwise do nothing."""
    password = _from_stdin()
    if not users.can_anybody_sign_in():
        _add(users.name_from(email), email, "admin", password)


@group.command("link")
@click.argument("email")
def link(email: str) -> None:
    """Print a link that lets this person set a password, once."""
    user = users.with_email(email)
    if user is None:
        raise click.ClickException(f"Nobody here has the address {email}.")
    _invitation, token = invitations.issue(user, COMMAND_LINE, datetime.now(UTC))
    db.session.commit()
    with current_app.test_request_context():
        click.echo(current_app.extensions["config"].base_url + url_for("sign_in.invited", token=token))


def _add(name: str, email: str, role: str, password: str) -> None:
    errors = users.problems(name, email, role)
    if said := passwords.problem(password, email):
        errors["password"] = said
    if errors:
        raise click.ClickException(" ".join(errors.values()))
    try:
        users.create(name, email, role, password, COMMAND_LINE)
    except users.Refused as refused:
        raise click.ClickException(str(refused)) from None
    db.session.commit()


def _from_stdin() -> str:
    return sys.stdin.readline().rstrip("\r\n")
