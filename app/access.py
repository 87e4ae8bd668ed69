"""Who is at the door, and what they may do. Every view says it (`@may("edit")`, `@key("ingest")` or `@public`);
silence refuses. People open pages with their session, other systems the API with their key, never the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from flask import Flask, Response, abort, current_app, g, redirect, request, session, url_for
from flask_login import LoginManager, current_user, login_user, logout_user

from app import limits
from app.accounts import api_keys
from app.accounts.api_key import ApiKey
from app.accounts.user import User
from app.audit import Actor
from app.db import db

View = TypeVar("View", bound=Callable[..., Any])
KEY = "key:"
LARGEST_FIELDS = 32 * 1024 * 1024  # beside files
logins = LoginManager()


def init_app(app: Flask) -> None:
    logins.init_app(app)
    logins.session_protection = None  # sessions follow the epoch of the user, not the address of the moment
    app.before_request(guard)


def public(view: View) -> View:
    view.right = "public"  # type: ignore[attr-defined]
    return view


def may(right: str) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.right = right  # type: ignore[attr-defined]
        return view

    return mark


def key(*scopes: str) -> Callable[[View], View]:
    """For other systems: a key with one of these scopes, and nothing else, opens it."""
    return may(f"{KEY}{','.join(scopes)}")


def takes(largest: int) -> Callable[[View], View]:
    """A view that takes bodies larger than others do; they are read only for those who may send them."""

    def mark(view: View) -> View:
        view.largest = largest  # type: ignore[attr-defined]
        return view

    return mark


def right_of(endpoint: str | None) -> str | None:
    view = current_app.view_functions.get(endpoint or "")
    return "public" if endpoint == "static" else getattr(view, "right", None)


def guard() -> Response | None:
    """Runs before every view: a stranger is sent to the door, a wrong role gets 403."""
    if request.endpoint is None:
        return None  # no such page: the router answers 404 or 405
    right = right_of(request.endpoint)
    if right == "public":
        return None
    if right and right.startswith(KEY):
        _open_by_key(right.removeprefix(KEY).split(","))
        return None
    if not current_user.is_authenticated:
        return _to_the_door()
    if right is None or not person().may(right):
        abort(403)
    _make_room(getattr(current_app.view_functions[request.endpoint], "largest", None))
    return None


class KeyRefused(Exception):
    """No key, no such key, not for this, or too often: answered in JSON."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers or {}


def api_key() -> ApiKey:
    return cast(ApiKey, g.api_key)


def _open_by_key(scopes: Sequence[str]) -> None:
    found = api_keys.find(_key_said())
    if found is None:
        said = "Send a key: Authorization: Bearer campus_live_…"
        raise KeyRefused(401, "unauthorized", said, {"WWW-Authenticate": 'Bearer realm="campus"'})
    if not any(map(found.allows, scopes)):
        raise KeyRefused(403, "forbidden", f"This key lacks the scope “{'” or “'.join(scopes)}”.")
    if wait := limits.seconds_to_wait("api", str(found.id), _is_from_here()):
        raise KeyRefused(429, "too_many_requests", f"Wait {wait} s and try again.", {"Retry-After": str(wait)})
    if api_keys.used(found, datetime.now(UTC)):
        db.session.commit()  # at once: other calls with this key would wait for the end of this one
    g.api_key = found


def _is_from_here() -> bool:
    """A proxy on this machine speaks for strangers: what it forwards is not from here."""
    return limits.is_here(request.remote_addr) and "X-Forwarded-For" not in request.headers


def _key_said() -> str:
    """A bearer; or, as Segment's libraries send it, the user of Basic."""
    sent = request.authorization
    if sent is None:
        return ""
    return (sent.token if sent.type == "bearer" else sent.username if sent.type == "basic" else "") or ""


def person() -> User:
    return cast(_Present, current_user._get_current_object()).user


def actor() -> Actor:
    return Actor("user", person().id, person().name)


def open_session(user: User, stay: bool) -> None:
    session.clear()  # nothing of a stranger's session survives the door
    session["epoch"] = user.session_epoch
    session.permanent = stay
    login_user(_Present(user), remember=False)


def stays() -> bool:
    return bool(session.permanent)


def close_session() -> None:
    logout_user()
    session.clear()


@logins.user_loader  # type: ignore[untyped-decorator]
def _load(user_id: str) -> _Present | None:
    user = db.session.get(User, int(user_id))
    if user is None or user.session_epoch != session.get("epoch"):
        return None
    return _Present(user)


class _Present:
    """What flask-login wants to know of a user, so that the room needs not know flask-login."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, user: User) -> None:
        self.user = user

    def get_id(self) -> str:
        return str(self.user.id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.user, name)


def _make_room(largest: int | None) -> None:
    if largest:
        request.max_content_length = largest
        request.max_form_memory_size = min(largest, LARGEST_FIELDS)
        db.session.rollback()  # a file may take an hour to arrive: no transaction waits for it


def _to_the_door() -> Response:
    there = url_for("sign_in.show", next=_wanted())
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": there})
    return cast(Response, redirect(there, 302))


def _wanted() -> str | None:
    return request.full_path.rstrip("?") if request.method == "GET" and request.path != "/" else None
