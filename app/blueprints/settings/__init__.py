"""Settings: the index of its pages. Each page is a door of its own beside this file."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, current_app

from app import htmx
from app.access import may

door = Blueprint("settings", __name__, url_prefix="/settings")


@dataclass(frozen=True)
class Section:
    label: str
    said: str
    endpoint: str
    icon: str


SECTIONS = (
    Section("Team", "The time zone that days, schedules and charts follow.", "settings_team.show", "world"),
    Section("Brand", "Name, logo, colours and the postal address in every mail.", "settings_brand.show", "palette"),
    Section("Senders", "The addresses that mail comes from.", "settings_senders.index", "mail-forward"),
    Section("Limits", "How much anybody gets, when mail rests, and how it warms up.", "settings_limits.show", "clock"),
    Section(
        "Brakes", "When a run pauses itself: failures, bounces, complaints.", "settings_brakes.show", "player-pause"
    ),
    Section("Tracking", "How opens and clicks come to be known.", "settings_tracking.show", "hand-click"),
    Section(
        "Conversions", "Which mail has the credit, and what a mail costs.", "settings_conversions.show", "circle-check"
    ),
    Section(
        "Launches", "What a launch says, when, and which the catalogue begins.", "settings_launches.show", "rocket"
    ),
    Section("Topics", "What people can subscribe to, and in which words.", "settings_topics.index", "tags"),
    Section("Sign-ups", "Who asked for mail, and the form for your own site.", "settings_sign_ups.index", "user-plus"),
    Section("Suppressions", "Addresses that get nothing, and why.", "settings_suppressions.index", "lock"),
    Section(
        "Attributes", "Which names customers carry, and what they may hold.", "settings_attributes.index", "database"
    ),
    Section("Users", "Who works here, and what they may do.", "settings_users.index", "users"),
    Section("API keys", "How other systems get in, and how far.", "settings_api_keys.index", "key"),
    Section("Webhook", "Where the funnel's calls go, and what came of them.", "settings_webhook.index", "webhook"),
    Section("Outgoing webhooks", "Who else is told what happens here.", "settings_hooks.index", "arrow-forward-up"),
    Section("Receipts", "What providers tell of mails, and what fits none.", "settings_receipts.index", "mail-check"),
    Section("Queues", "What waits, what runs, what failed and why.", "settings_queues.index", "list-check"),
    Section("Audit trail", "Who changed what, before and after.", "settings_audit.index", "history"),
)


@door.get("")
@may("administer")
def index() -> Response:
    built = [section for section in SECTIONS if section.endpoint in current_app.view_functions]
    return htmx.answer("settings/index.html", sections=built)
