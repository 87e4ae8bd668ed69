"""The doors, one file per noun. A door reads the request, calls one verb, commits, answers."""

from __future__ import annotations

from flask import Flask
from flask_wtf import CSRFProtect
from htmx_flask import Htmx

from app.blueprints import (
    alerts,
    ambiguous,
    assets,
    automations,
    consent,
    cron_builder,
    customers,
    dashboard,
    discounts,
    erasures,
    errors,
    events,
    headers,
    health,
    imports,
    launches,
    media,
    merges,
    metrics,
    navigation,
    outbox,
    pieces,
    products,
    render_checks,
    runs,
    search,
    segment,
    segment_preview,
    segments,
    settings,
    sign_in,
    templates,
    tracking,
    webhooks,
    why,
)
from app.blueprints.api import automations as api_automations
from app.blueprints.api import consent as api_consent
from app.blueprints.api import customers as api_customers
from app.blueprints.api import discounts as api_discounts
from app.blueprints.api import erasures as api_erasures
from app.blueprints.api import events as api_events
from app.blueprints.api import launches as api_launches
from app.blueprints.api import messages as api_messages
from app.blueprints.api import metrics as api_metrics
from app.blueprints.api import openapi as api_documents
from app.blueprints.api import products as api_products
from app.blueprints.api import runs as api_runs
from app.blueprints.api import segments as api_segments
from app.blueprints.api import shop as api_shop
from app.blueprints.api import templates as api_templates
from app.blueprints.automations import activation as automation_activation
from app.blueprints.automations import acts as automation_acts
from app.blueprints.automations import called as automation_called
from app.blueprints.automations import held_out as automation_holdout
from app.blueprints.automations import rehearsing as automation_rehearsal
from app.blueprints.automations import winner as automation_winner
from app.blueprints.demo_shop import account as demo_shop_account
from app.blueprints.demo_shop import buying as demo_shop_buying
from app.blueprints.demo_shop import shelves as demo_shop
from app.blueprints.discounts import adding as discount_codes
from app.blueprints.media import files as media_files
from app.blueprints.media import frames as media_frames
from app.blueprints.metrics import behind as metrics_people
from app.blueprints.metrics import export as metrics_export
from app.blueprints.public import colours, preferences, quiet, sign_up, unsubscribe, view
from app.blueprints.runs import acts as run_acts
from app.blueprints.runs import deliveries, switch
from app.blueprints.segments import acts as segment_acts
from app.blueprints.segments import people as segment_people
from app.blueprints.segments import why as segment_why
from app.blueprints.settings import (
    api_keys,
    attributes,
    audit,
    brakes,
    brand,
    conversions,
    hooks,
    limits,
    queues,
    receipts,
    senders,
    sign_ups,
    suppressions,
    team,
    topics,
    users,
    webhook,
)
from app.blueprints.settings import launches as settings_launches
from app.blueprints.settings import tracking as settings_tracking
from app.blueprints.templates import acts as template_acts
from app.blueprints.templates import checks as template_checks
from app.blueprints.templates import composing as template_composing
from app.blueprints.templates import frames as template_frames
from app.blueprints.templates import previews as template_previews
from app.blueprints.templates import publications as template_publications
from app.blueprints.templates import test_sends as template_test_sends
from app.blueprints.templates import versions as template_versions
from app.blueprints.track import carts as track_carts
from app.blueprints.track import events as track_events
from app.blueprints.track import keeping as track
from app.blueprints.track import recommending as track_recommending
from app.blueprints.track import script as track_script
from app.blueprints.track import views as track_views
from app.blueprints.track import watching as track_watching

csrf = CSRFProtect()
DOORS = (
    sign_in, dashboard, alerts, customers, consent, erasures, events, ambiguous, merges, segments, segment_acts,
    segment_people, segment_why, segment_preview, templates, template_acts, template_checks, template_frames,
    template_publications, template_versions, template_composing, template_previews, template_test_sends, outbox,
    media, media_files, media_frames, render_checks, automations, automation_acts, automation_activation,
    automation_winner, automation_holdout, automation_rehearsal, automation_called, cron_builder, runs, run_acts,
    switch, deliveries, launches, discounts, discount_codes, imports, metrics, metrics_people, metrics_export,
    products, search, pieces, health, webhooks, why, demo_shop, demo_shop_buying, demo_shop_account,
)  # fmt: skip
# Other systems knock here, with a key or a signature instead of a session: there is no form that could be forged.
BY_KEY = (
    api_customers, api_consent, api_erasures, api_events, api_shop, api_segments, api_templates, api_automations,
    api_runs, api_messages, api_metrics, api_launches, api_discounts, api_products, segment,
)  # fmt: skip
SETTINGS_DOORS = (
    settings, team, brand, senders, limits, brakes, settings_tracking, conversions, settings_launches, topics, sign_ups,
    suppressions, attributes, users, api_keys, webhook, hooks, receipts, queues, audit,
)  # fmt: skip

# The token in a link is the key here; no session is looked at.
PUBLIC = (unsubscribe, preferences, sign_up, colours, view, tracking)
# Pages of the shop knock here, with a token of theirs or a session of nobody's; kept by their path (track/keeping.py).
SHOP = (track_views, track_carts, track_watching, track_events, track_recommending, track_script)


def init_app(app: Flask) -> None:
    csrf.init_app(app)
    for part in (*BY_KEY, *PUBLIC, *SHOP, webhooks):
        csrf.exempt(part.door)
    Htmx().init_app(app)
    for part in (assets, headers, errors, navigation, quiet, track):
        part.init_app(app)
    for door in (*DOORS, *BY_KEY, *PUBLIC, *SHOP, api_documents, *SETTINGS_DOORS):
        app.register_blueprint(door.door)
