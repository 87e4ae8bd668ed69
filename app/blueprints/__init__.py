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
    segment,
    settings,
    sign_in,
    webhooks,
)
from app.blueprints.api import customers as api_customers
from app.blueprints.api import events as api_events
from app.blueprints.api import openapi as api_documents
from app.blueprints.api import shop as api_shop
from app.blueprints.settings import api_keys, attributes, audit, brand, queues, senders, team, topics, users, webhook

csrf = CSRFProtect()
DOORS = (sign_in, dashboard, customers, events, ambiguous, merges, imports, search, pieces, health, webhooks)
# Other systems knock here, with a key or a signature instead of a session: there is no form that could be forged.
BY_KEY = (api_customers, api_events, api_shop, segment)
SETTINGS_DOORS = (settings, team, brand, senders, topics, attributes, users, api_keys, webhook, queues, audit)


def init_app(app: Flask) -> None:
    csrf.init_app(app)
    for part in (*BY_KEY, webhooks):
        csrf.exempt(part.door)
    Htmx().init_app(app)
    for part in (assets, headers, errors, navigation):
        part.init_app(app)
    for door in (*DOORS, *BY_KEY, api_documents, *SETTINGS_DOORS):
        app.register_blueprint(door.door)
