"""The flask commands, one file per noun. Like doors, they commit."""

from __future__ import annotations

from flask import Flask

from app.cli import api_keys, automations, imports, segments, templates, users
from app.cli.demo import demo
from app.cli.emulator import emulator
from app.cli.sql_wall import sql_wall


def init_app(app: Flask) -> None:
    """Each file's group or command is named here."""
    groups = (users.group, api_keys.group, imports.group, segments.group, templates.group, automations.group)
    for command in (*groups, demo, emulator, sql_wall):
        app.cli.add_command(command)
