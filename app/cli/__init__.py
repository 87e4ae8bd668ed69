"""The flask commands, one file per noun. Like doors, they commit."""

from __future__ import annotations

from flask import Flask

from app.cli.demo import demo


def init_app(app: Flask) -> None:
    """Each file's group or command is named here."""
    app.cli.add_command(demo)
