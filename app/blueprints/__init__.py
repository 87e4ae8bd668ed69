"""The doors, one file per noun. A door reads the request, calls one verb, commits, answers."""

from __future__ import annotations

from flask import Flask
from flask_wtf import CSRFProtect
from htmx_flask import Htmx

from app.blueprints import (
    ambiguous,
    assets,
    consent,
    customers,
    dashboard,
    erasures,
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
from app.blueprints.api import consent as api_consent
from app.blueprints.api import customers as api_customers
from app.blueprints.api import erasures as api_erasures
from app.blueprints.api import events as api_events
from app.blueprints.api import openapi as api_documents
from app.blueprints.api import shop as api_shop
from app.blueprints.public import colours, preferences, quiet, sign_up, unsubscribe
from app.blueprints.settings import (
    api_keys,
    attributes,
    audit,
    brand,
    queues,
    senders,
    sign_ups,
    suppressions,
    team,
    topics,
    users,
    webhook,
)

csrf = CSRFProtect()
DOORS = (
    sign_in, dashboard, customers, consent, erasures, events, ambiguous, merges, imports, search, pieces, health,
    webhooks,
)  # fmt: skip
# Other systems knock here, with a key or a signature instead of a session: there is no form that could be forged.
BY_KEY = (api_customers, api_consent, api_erasures, api_events, api_shop, segment)
SETTINGS_DOORS = (
    settings, team, brand, senders, topics, sign_ups, suppressions, attributes, users, api_keys, webhook, queues, audit,
)  # fmt: skip

# The token in a link is the key here; no session is looked at.
PUBLIC = (unsubscribe, preferences, sign_up, colours)


def init_app(app: Flask) -> None:
    csrf.init_app(app)
    for part in (*BY_KEY, *PUBLIC, webhooks):
        csrf.exempt(part.door)
    Htmx().init_app(app)
    for part in (assets, headers, errors, navigation, quiet):
        part.init_app(app)
    for door in (*DOORS, *BY_KEY, *PUBLIC, api_documents, *SETTINGS_DOORS):
        app.register_blueprint(door.door)
