"""Settings → Users."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, current_app, request, url_for
from flask.typing import ResponseReturnValue

from app import access, htmx
from app.access import actor, may, person
from app.accounts import directory, invitations, users
from app.accounts.user import ROLES, User
from app.audit import trail
from app.blueprints import asking
from app.blueprints.settings.saving import typed
from app.db import db

door = Blueprint("settings_users", __name__, url_prefix="/settings/users")
LATEST = 10


@door.get("")
@may("administer")
def index() -> ResponseReturnValue:
    if request.args.get("field"):
        return asking.moved_to_filter("settings_users.index")
    now, listing = datetime.now(UTC), directory.listing()
    ask = asking.read(listing)
    page = listing.page(directory.everyone(), ask)
    return htmx.answer(
        "settings/users/index.html",
        "settings/users/_results.html",
        listing=listing,
        ask=ask,
        page=page,
        keys=directory.keys_made_by(user.id for user in page.rows),
        waiting=invitations.waiting(now),
        now=now,
        roles=ROLES,
    )


@door.get("/new")
@may("administer")
def new() -> Response:
    return _form({"role": "marketer"}, {})


@door.post("")
@may("administer")
def invite() -> Response:
    sent = typed("name", "email", "role")
    if errors := users.problems(**sent):
        return _form(sent, errors, 422)
    try:
        user = users.invite(**sent, by=actor())
    except users.Refused as refused:
        return _form(sent, {"email": str(refused)}, 422)
    return _link(user)


@door.get("/<int:user_id>")
@may("administer")
def show(user_id: int) -> Response:
    user = users.find(user_id) or abort(404)
    return _person(user)


@door.post("/<int:user_id>")
@may("administer")
def rename(user_id: int) -> Response:
    user = users.find(user_id) or abort(404)
    name = typed("name")["name"]
    if said := users.name_problem(name):
        return _person(user, {"name": said}, 422)
    users.rename(user, name, actor())
    db.session.commit()
    return htmx.go(url_for("settings_users.show", user_id=user.id), f"{user.name} saved.")


@door.post("/<int:user_id>/role")
@may("administer")
def change_role(user_id: int) -> Response:
    user, role = users.find(user_id) or abort(404), request.form.get("role", "")
    if role not in ROLES:
        return _person(user, {"role": f"One of {', '.join(ROLES)}."}, 422)
    try:
        users.change_role(user, role, actor())
    except users.Refused as refused:
        return _person(user, {"role": str(refused)}, 422)
    db.session.commit()
    return _changed_own() if user is person() else _back(f"{user.name} is {role} now and has to sign in again.")


@door.post("/<int:user_id>/link")
@may("administer")
def make_link(user_id: int) -> Response:
    return _link(users.find(user_id) or abort(404))


@door.get("/<int:user_id>/removal")
@may("administer")
def ask_to_remove(user_id: int) -> Response:
    user = users.find(user_id) or abort(404)
    return _removal(user)


@door.post("/<int:user_id>/removal")
@may("administer")
def remove(user_id: int) -> Response:
    user = users.find(user_id) or abort(404)
    is_own, name = user is person(), user.name
    try:
        users.remove(user, actor())
    except users.Refused as refused:
        db.session.rollback()
        return _removal(user, str(refused), 422)
    db.session.commit()
    if is_own:
        access.close_session()
    return htmx.go(url_for("sign_in.show" if is_own else "settings_users.index"), f"{name} is gone.")


def _link(user: User) -> Response:
    """Answered at once and never by a redirect: the token must not stand in an address, a cookie or a table."""
    invitation, token = invitations.issue(user, actor(), datetime.now(UTC))
    db.session.commit()
    link = current_app.extensions["config"].base_url + url_for("sign_in.invited", token=token)
    return htmx.answer("settings/users/link.html", user=user, link=link, until=invitation.expires_at)


def _changed_own() -> Response:
    access.open_session(person(), stay=access.stays())
    return htmx.go(url_for("dashboard.show"), f"You are {person().role} now.")


def _back(said: str) -> Response:
    return htmx.go(url_for("settings_users.index"), said)


def _person(user: User, errors: dict[str, str] | None = None, code: int = 200) -> Response:
    return htmx.answer(
        "settings/users/show.html",
        code=code,
        user=user,
        errors=errors or {},
        roles=users.ROLES_SAID,
        keys=directory.keys_made_by([user.id]),
        latest=trail.about("user", user.id, LATEST),
    )


def _removal(user: User, refused: str = "", code: int = 200) -> Response:
    keys = directory.keys_made_by([user.id])
    return htmx.answer("settings/users/removal.html", code=code, user=user, keys=keys, refused=refused)


def _form(sent: dict[str, str], errors: dict[str, str], code: int = 200) -> Response:
    return htmx.answer("settings/users/new.html", code=code, sent=sent, errors=errors, roles=users.ROLES_SAID)
