"""The configuration of the application that is running, for whoever cannot be handed it."""

from __future__ import annotations

from flask import current_app

from app.config import Config


def config() -> Config:
    found: Config = current_app.extensions["config"]
    return found
