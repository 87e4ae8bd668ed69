"""The doors, one file per noun. A door reads the request, calls one verb, commits, answers."""

from __future__ import annotations

from flask import Flask
from flask_wtf import CSRFProtect
from htmx_flask import Htmx

from app.blueprints import (
    ambiguous,
    assets,
    customers,
    dashboard,
    errors,
    events,
    headers,
    health,
    imports,
    merges,
    navigation,
    pieces,
    search,
    settings,
    sign_in,
    webhooks,
)
from app.blueprints.settings import api_keys, attributes, audit, brand, queues, senders, team, topics, users, webhook

csrf = CSRFProtect()
DOORS = (sign_in, dashboard, customers, events, ambiguous, merges, imports, search, pieces, health, webhooks)
SETTINGS_DOORS = (settings, team, brand, senders, topics, attributes, users, api_keys, webhook, queues, audit)


def init_app(app: Flask) -> None:
    csrf.init_app(app)
    csrf.exempt(webhooks.door)  # who calls there proves it by a signature
    Htmx().init_app(app)
    for part in (assets, headers, errors, navigation):
        part.init_app(app)
    for door in DOORS + SETTINGS_DOORS:
        app.register_blueprint(door.door)
