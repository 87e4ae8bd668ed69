"""/sign-up: whoever asks for mail, here or by a form on another site, and confirms it from their mailbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.exceptions import TooManyRequests

from app import limits
from app.access import public
from app.blueprints import returning
from app.blueprints.public import quiet
from app.blueprints.settings.saving import typed
from app.consent import links, signups
from app.db import db
from app.ops import confirming, joining
from app.queue import ring
from app.settings import brand
from app.settings.topic import Topic

door = Blueprint("sign_up", __name__)
quiet.keep(door)


@door.get("/sign-up")
@public
def show() -> Response:
    return _form({}, [], {})


@door.post("/sign-up")
@public
def ask() -> Response:
    """The same answer to everybody: whether we know an address is nobody's business."""
    _slow_down()
    sent = typed("email", "first_name")
    if request.form.get(signups.TRAP):
        return _asked()
    wanted = request.form.getlist("topic")
    chosen = [topic for topic in signups.offered() if topic.slug in wanted]
    if errors := signups.problems(sent["email"], chosen):
        return _form(sent, chosen, errors, 422)
    signup = signups.ask(sent["email"], sent["first_name"], chosen, brand.current().name, quiet.caller())
    confirming.ask_back(signup, datetime.now(UTC))
    db.session.commit()
    ring("deliveries.post_notices")
    return _asked()


@door.get("/sign-up/confirm")
@public
def look() -> Response:
    """Scanners of mail follow links: this one shows a button."""
    said = quiet.known(links.sign_up(quiet.token()))
    signup = signups.find(said.signup_id)
    if signup is None or signups.is_void(signup, datetime.now(UTC)):
        return _too_late()
    if signup.confirmed_at:
        return _welcome()
    return make_response(render_template("public/confirm.html", signup=signup, token=quiet.token()))


@door.post("/sign-up/confirm")
@public
def confirm() -> Response:
    said = quiet.known(links.sign_up(quiet.token()))
    try:
        confirmed = signups.confirm(said.signup_id, quiet.caller(), datetime.now(UTC))
    except signups.TooLate:
        return _too_late()
    joining.join(confirmed.appeared, datetime.now(UTC))
    db.session.commit()
    return _welcome()


def _slow_down() -> None:
    caller = returning.address()
    is_here = limits.is_here(caller)
    waits = (limits.seconds_to_wait(what, f"sign-up:{caller}", is_here) for what in ("sign-up", "track"))
    if wait := max(waits):
        raise TooManyRequests(retry_after=wait)


def _form(sent: dict[str, str], chosen: Sequence[Topic], errors: dict[str, str], code: int = 200) -> Response:
    page = render_template(
        "public/sign_up.html",
        sent=sent,
        chosen=chosen,
        errors=errors,
        topics=signups.offered(),
        any_time=signups.ANY_TIME,
        trap=signups.TRAP,
    )
    return make_response(page, code)


def _asked() -> Response:
    return make_response(render_template("public/asked.html"))


def _welcome() -> Response:
    return make_response(render_template("public/welcome.html"))


def _too_late() -> Response:
    return make_response(render_template("public/too_late.html"), 410)
