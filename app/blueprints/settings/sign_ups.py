"""Settings → Sign-ups: who asked for mail, the links by which they confirm it, and the form for another site."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, current_app, url_for
from markupsafe import escape

from app import htmx
from app.access import may
from app.blueprints import asking
from app.consent import links, signups
from app.consent.readers import words
from app.consent.signup import Signup
from app.settings import brand, topics

door = Blueprint("settings_sign_ups", __name__, url_prefix="/settings/sign-ups")


@door.get("")
@may("administer")
def index() -> Response:
    ask, now = asking.read(signups.LISTING), datetime.now(UTC)
    return htmx.answer(
        "settings/sign_ups/index.html",
        "settings/sign_ups/_results.html",
        listing=signups.LISTING,
        ask=ask,
        page=signups.LISTING.page(signups.everyone(), ask),
        topics={topic.id: topic.name for topic in topics.everything()},
        link=_link,
        is_void=lambda signup: signups.is_void(signup, now),
        kept=signups.KEPT,
        address=_address("sign_up.show"),
        form=_form(),
    )


def _link(signup: Signup) -> str:
    return _address("sign_up.look", token=links.confirm(signup.id))


def _address(endpoint: str, **values: Any) -> str:
    return str(current_app.extensions["config"].base_url + url_for(endpoint, **values))


def _form() -> str:
    """To paste into another site: plain HTML without script, in the very words that are kept as what somebody saw."""
    boxes = [
        f'    <label><input type="checkbox" name="topic" value="{escape(topic.slug)}"> {escape(words(topic))}</label>'
        for topic in signups.offered()
    ]
    lines = [
        f'<form method="post" action="{escape(_address("sign_up.ask"))}">',
        '  <label>E-mail <input type="email" name="email" required autocomplete="email"></label>',
        '  <label>First name <input name="first_name" autocomplete="given-name"></label>',
        "  <fieldset>",
        f"    <legend>{escape(brand.current().name)} may write to me about:</legend>",
        *boxes,
        "  </fieldset>",
        f"  <p>{signups.ANY_TIME}</p>",
        f'  <input name="{signups.TRAP}" hidden tabindex="-1" autocomplete="off">',
        "  <button>Sign up</button>",
        "</form>",
    ]
    return "\n".join(lines)
