"""What the public doors share: no cookie, no trace in caches and other sites, and one answer to every wrong link."""

from __future__ import annotations

from functools import partial
from typing import TypeVar

from flask import Blueprint, Flask, Request, Response, make_response, render_template, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from werkzeug.exceptions import HTTPException, NotFound

from app.blueprints import returning
from app.consent import forgotten, links
from app.consent.links import Reader

Found = TypeVar("Found")
PATHS = {"/unsubscribe", "/preferences", "/sign-up", "/sign-up/confirm", "/view", "/track.js"}
TRACK = "/track"
SAID = {
    400: ("This was not understood", "Nothing was changed. Open the page again and use its buttons."),
    404: ("This link opens nothing", "It is not complete, or not from us. Open the link in your mail once more."),
    413: ("That is too much at once", "Nothing was changed. Go back and write less."),
    429: ("Too many tries", "Wait a minute and try again."),
    503: ("One moment, please", "The link is good, but just now we cannot look up where it leads. Try it again."),
}
ELSE = ("This did not work", "Nothing was changed. Open the link in your mail once more.")


class _Unkept(SecureCookieSession):
    """Never written: who reads these pages is nobody to us, also a colleague who is signed in."""


class Sessions(SecureCookieSessionInterface):
    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        is_public = request.path in PATHS or request.path.startswith(f"{TRACK}/")
        return _Unkept() if is_public else super().open_session(app, request)

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        return not isinstance(session, _Unkept) and super().should_set_cookie(app, session)


def init_app(app: Flask) -> None:
    app.session_interface = Sessions()


def keep(door: Blueprint, page: str = "public/refused.html") -> None:
    door.after_request(_hide)
    door.register_error_handler(HTTPException, partial(_refused, page))


def reader(purpose: str) -> Reader:
    return known(links.reader(purpose, token()))


def known(found: Found | None) -> Found:
    """Forged, cut, of another purpose: whoever tries learns nothing from the answer."""
    if found is None:
        raise NotFound
    return found


def token() -> str:
    return request.args.get("token", "")


def caller() -> str:
    """Whence somebody said it, as a keyed hash: provable, and no address."""
    return forgotten.hashed(f"caller {returning.address()}").hex()


def _hide(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _refused(page: str, error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:
        return error
    title, said = SAID.get(error.code, ELSE)
    response = make_response(render_template(page, title=title, said=said), error.code)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response
