"""The rooms in the side bar, in groups; an entry shows once its door exists and the person may enter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, get_flashed_messages, request, url_for
from flask_login import current_user

from app import access
from app.settings import brand


@dataclass(frozen=True)
class Entry:
    label: str
    endpoint: str
    icon: str

    @property
    def is_current(self) -> bool:
        return request.blueprint == self.endpoint.partition(".")[0] or request.path.startswith(self._below)

    @property
    def _below(self) -> str:
        """/customers/: also what other doors show there."""
        return f"{url_for(self.endpoint)}/"


GROUPS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    ("", (Entry("Overview", "dashboard.show", "home"),)),
    (
        "Audience",
        (
            Entry("Customers", "customers.index", "users"),
            Entry("Events", "events.index", "activity"),
            Entry("Segments", "segments.index", "chart-circles"),
            Entry("Imports", "imports.index", "file-import"),
        ),
    ),
    (
        "Content",
        (
            Entry("Templates", "templates.index", "template"),
            Entry("Media", "media.index", "photo"),
            Entry("Discounts", "discounts.index", "tags"),
        ),
    ),
    (
        "Sending",
        (
            Entry("Automations", "automations.index", "bolt"),
            Entry("Runs", "runs.index", "send"),
            Entry("Launches", "launches.index", "rocket"),
            Entry("Outbox", "outbox.index", "mailbox"),
            Entry("Demo shop", "demo_shop.index", "shopping-cart"),
        ),
    ),
    ("Insight", (Entry("Metrics", "metrics.index", "chart-line"), Entry("Products", "products.index", "package"))),
)


def init_app(app: Flask) -> None:
    app.context_processor(_shell)


def groups() -> list[tuple[str, list[Entry]]]:
    built = [(title, [e for e in entries if _is_shown(e)]) for title, entries in GROUPS]
    return [(title, entries) for title, entries in built if entries]


def _is_shown(entry: Entry) -> bool:
    """The outbox while mail stays here, the demo shop on the machine of whoever tries it all out."""
    config = current_app.extensions["config"]
    is_open = {"outbox.index": config.sends_nothing, "demo_shop.index": config.has_demo_shop}
    return entry.endpoint in current_app.view_functions and is_open.get(entry.endpoint, True)


def _brand() -> brand.Brand:
    """Read once a request; the title, the side bar and more ask for it."""
    if "brand" not in g:
        g.brand = brand.current()
    return g.brand  # type: ignore[no-any-return]


def _shell() -> dict[str, Any]:
    """What the frame around every page needs. Callables, so that a fragment pays for none of it."""
    return {
        "brand": _brand,
        "navigation": groups,
        "config_of_app": current_app.extensions["config"],
        "person": access.person() if current_user.is_authenticated else None,
        "toasts": lambda: get_flashed_messages(with_categories=True),
    }
