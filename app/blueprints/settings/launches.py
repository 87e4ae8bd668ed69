"""Settings → Launches."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, url_for

from app import htmx, running
from app.access import actor, may
from app.automations.launches import launching
from app.blueprints.settings.saving import changed_meanwhile, typed, version_sent
from app.content import directory as templates
from app.content import writing
from app.db import db
from app.settings import launches, senders, team, topics
from app.settings.launches import KINDS, Launches, Switch
from app.settings.setting import ChangedMeanwhile

door = Blueprint("settings_launches", __name__, url_prefix="/settings/launches")
WORDS = ("template_id", "at", "sender_id", "topic", "views", "in_cart", "bought", "drop_percent", "most_an_hour")
SWITCHES = tuple(f"{kind}{part}" for kind in KINDS for part in ("", "_template_id"))
SAID = {
    "new": (
        "A product is new",
        "It appears in the catalogue with a name, a page and a category. Once for each product.",
    ),
    "back": ("A product is back in stock", "It was out of stock, and is in stock again."),
    "drop": ("A product costs less", "Its price falls by as much as is said below, or more."),
}
Form = Mapping[str, str]


@door.get("")
@may("administer")
def show() -> Response:
    held, version = launches.versioned()
    return _page(_written(held), version, {})


@door.post("")
@may("administer")
def save() -> Response:
    form = typed(*WORDS, *SWITCHES)
    sent = _sent(form, launches.read(), datetime.now(UTC))
    if errors := launches.problems(sent) | _unknown(sent):
        return _again(form, errors)
    try:
        launches.save(sent, version_sent(), actor())
    except ChangedMeanwhile:
        return _again(form, changed_meanwhile())
    db.session.commit()
    return htmx.go(url_for("settings_launches.show"), "Launches saved. The next one goes by them.")


def _sent(form: Form, before: Launches, now: datetime) -> Launches:
    """A switch that is on already keeps the moment since which it is."""
    return Launches(
        template_id=_number(form["template_id"]),
        at=form["at"],
        sender_id=_number(form["sender_id"]),
        topic=form["topic"],
        views=_number(form["views"]),
        in_cart=bool(form["in_cart"]),
        bought=bool(form["bought"]),
        drop_percent=_number(form["drop_percent"]) or 0,
        most_an_hour=_number(form["most_an_hour"]) or 0,
        **{kind: _switch(form, kind, before, now) for kind in KINDS},
    )


def _switch(form: Form, kind: str, before: Launches, now: datetime) -> Switch:
    since = (before.switch(kind).since or now) if form[kind] else None
    return Switch(since=since, template_id=_number(form[f"{kind}_template_id"]))


def _number(written: str) -> int | None:
    """What is no number is outside of all limits."""
    if not written:
        return None
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 18 else -1


def _unknown(sent: Launches) -> dict[str, str]:
    chosen = {"template_id": sent.template_id}
    chosen |= {f"{kind}_template_id": sent.switch(kind).template_id for kind in KINDS}
    return {name: "There is no such mail." for name, key in chosen.items() if key is not None and _is_no_mail(key)}


def _is_no_mail(key: int) -> bool:
    template = writing.find(key) if key > 0 else None
    return template is None or template.type != "email"


def _written(held: Launches) -> dict[str, str]:
    plain: dict[str, Any] = {name: getattr(held, name) for name in WORDS}
    for kind in KINDS:
        switch = held.switch(kind)
        plain |= {kind: switch.since is not None, f"{kind}_template_id": switch.template_id}
    return {
        name: "" if value is None or value is False else "1" if value is True else str(value)
        for name, value in plain.items()
    }


def _again(form: Form, errors: dict[str, str]) -> Response:
    db.session.rollback()
    return _page(form, version_sent(), errors, 422)


def _page(sent: Form, version: int, errors: dict[str, str], code: int = 200) -> Response:
    key = launching.template_of()
    default = writing.find(key) if key else None
    mails = [(str(one), name) for one, name, _ in templates.choices()]
    return htmx.answer(
        "settings/launches.html",
        code=code,
        sent=sent,
        version=version,
        errors=errors,
        mails=mails,
        default=default,
        senders=[(str(one.id), f"{one.name} <{one.email}>") for one in senders.everyone()],
        mail_from=running.config().mail_from,
        topics=[(one.slug, one.name) for one in topics.in_use()],
        kinds=SAID,
        zone=team.zone().key,
        held=launches.read(),
    )
