"""The door of the house: in, out, forgotten, invited, and one's own account."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app import access, htmx
from app.access import actor, may, person, public
from app.accounts import invitations, passwords, sign_in, throttle, users
from app.accounts.invitation import Invitation
from app.accounts.sign_in import Refusal
from app.blueprints import returning
from app.blueprints.settings.saving import typed
from app.db import db
from app.settings import team

door = Blueprint("sign_in", __name__)
NUMBERS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


@door.before_app_request
def note_presence() -> None:
    if access.right_of(request.endpoint) == "public":
        return  # style sheets and health checks ask the database for nothing
    if current_user.is_authenticated and users.seen(person(), datetime.now(UTC)):
        db.session.commit()


@door.get("/sign-in")
@public
def show() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(returning.wanted())
    return _form("")


@door.post("/sign-in")
@public
def enter() -> Response:
    email = typed("email")["email"]
    found = sign_in.authenticate(email, request.form.get("password", ""), returning.address(), datetime.now(UTC))
    db.session.commit()
    if isinstance(found, Refusal):
        return _refused(found, email)
    access.open_session(found, stay="stay" in request.form)
    return htmx.go(returning.wanted())


@door.post("/sign-out")
@may("read")
def leave() -> Response:
    access.close_session()
    return htmx.go(url_for("sign_in.show"), "You are signed out.")


@door.get("/forgotten")
@public
def forgotten() -> Response:
    return htmx.answer("sign_in/forgotten.html", is_asked=False)


@door.post("/forgotten")
@public
def ask_for_reset() -> Response:
    """The same answer to everybody, also to somebody who asks too often."""
    invitations.ask(typed("email")["email"], returning.address(), datetime.now(UTC))
    db.session.commit()
    return htmx.answer("sign_in/forgotten.html", is_asked=True)


@door.get("/invitations/<token>")
@public
def invited(token: str) -> ResponseReturnValue:
    invitation = invitations.find(token, datetime.now(UTC))
    return _set_password(token, invitation, invitation.user.name, {}) if invitation else _void()


@door.post("/invitations/<token>")
@public
def accept(token: str) -> ResponseReturnValue:
    now = datetime.now(UTC)
    invitation = invitations.find(token, now)
    if not invitation:
        return _void()
    name, password = typed("name")["name"], request.form.get("password", "")
    if errors := _problems(name, password, invitation.user.email):
        return _set_password(token, invitation, name, errors, 422)
    user = invitations.accept(invitation, name, password, now) or abort(404)
    db.session.commit()
    access.open_session(user, stay=False)
    return htmx.go(url_for("dashboard.show"), f"Welcome, {user.name}.")


@door.get("/account")
@may("read")
def account() -> Response:
    return htmx.answer("sign_in/account.html", name=person().name, errors={}, team_zone=team.zone().key)


@door.post("/account")
@may("read")
def rename() -> Response:
    name = typed("name")["name"]
    if said := users.name_problem(name):
        return _account(name, {"name": said})
    users.rename(person(), name, actor())
    db.session.commit()
    return htmx.go(url_for("sign_in.account"), "Your name is saved.")


@door.post("/account/monday-mail")
@may("read")
def want_monday_mail() -> Response:
    is_wanted = request.form.get("monday_mail") == "1"
    users.want_monday_mail(person(), is_wanted, actor())
    db.session.commit()
    said = "You get the figures of each week on Monday." if is_wanted else "You get no more mail on Mondays."
    return htmx.go(url_for("sign_in.account"), said)


@door.post("/account/password")
@may("read")
def change_password() -> Response:
    user, new = person(), request.form.get("new", "")
    if said := passwords.problem(new, user.email):
        return _account(user.name, {"new": said})
    refusal = sign_in.confirm(user, request.form.get("old", ""), datetime.now(UTC))
    if refusal:
        db.session.commit()
        return _account(user.name, {"old": _wrong(refusal)})
    users.change_password(user, new, actor())
    return _stay("Password changed. Everywhere else you are signed out.")


@door.post("/account/other-sessions")
@may("read")
def sign_out_elsewhere() -> Response:
    users.sign_out_everywhere(person(), actor())
    return _stay("Everywhere else you are signed out.")


def _stay(said: str) -> Response:
    """All sessions have ended; this one begins anew."""
    db.session.commit()
    access.open_session(person(), stay=access.stays())
    return htmx.go(url_for("sign_in.account"), said)


def _account(name: str, errors: dict[str, str]) -> Response:
    return htmx.answer("sign_in/account.html", code=422, name=name, errors=errors, team_zone=team.zone().key)


def _wrong(refusal: Refusal) -> str:
    return _paused(refusal.pause_minutes) if refusal.is_pause else "This is not your present password."


def _form(email: str, said: str | None = None, code: int = 200) -> Response:
    return htmx.answer("sign_in/show.html", code=code, email=email, wanted=request.values.get("next", ""), said=said)


def _refused(refusal: Refusal, email: str) -> Response:
    if not refusal.is_pause:
        return _form(email, _said(refusal.left), 422)
    response = _form(email, _paused(refusal.pause_minutes), 429)
    response.headers["Retry-After"] = str(refusal.pause_minutes * 60)
    return response


def _paused(minutes: int) -> str:
    return f"Too many tries. The next one is possible in {minutes} minute{'s' if minutes > 1 else ''}."


def _said(left: int) -> str:
    pause = f"a pause of {throttle.MINUTES} minutes"
    if left == 0:
        return f"E-mail and password do not match. That was the last try before {pause}."
    number = NUMBERS[left] if left < len(NUMBERS) else str(left)
    return f"E-mail and password do not match. {number} {'try is' if left == 1 else 'tries are'} left, then {pause}."


def _problems(name: str, password: str, email: str) -> dict[str, str]:
    found = {"name": users.name_problem(name), "password": passwords.problem(password, email)}
    return {field: said for field, said in found.items() if said}


def _set_password(token: str, invitation: Invitation, name: str, errors: dict[str, str], code: int = 200) -> Response:
    is_reset = invitation.purpose == "reset"
    return htmx.answer(
        "sign_in/invited.html",
        code=code,
        token=token,
        email=invitation.user.email,
        is_reset=is_reset,
        name=name,
        errors=errors,
    )


def _void() -> Response:
    return htmx.answer("sign_in/void.html", code=404)
