"""What all doors of /track share: pages of the shop may call them from their own origin, but not without end.

By path, so that it holds for every door of the package and for what is refused before one is found. The pixel and
the links of mails are other doors, which people open.
"""

from __future__ import annotations

from flask import Flask, Response, current_app, request

from app import limits
from app.blueprints import returning
from app.blueprints.api.refusals import MAIL, Refusal
from app.blueprints.track import visiting

PREFIX = "/track/"
ANY = "*"
A_DAY = 24 * 3600


def init_app(app: Flask) -> None:
    app.before_request(_limit)
    app.after_request(_answer)


def _is_ours() -> bool:
    return request.path.startswith(PREFIX) and not request.path.startswith(MAIL)


def _limit() -> None:
    """A browser that only asks whether it may call has not called yet."""
    if not _is_ours() or request.method == "OPTIONS":
        return
    is_from_here = limits.is_here(request.remote_addr) and "X-Forwarded-For" not in request.headers
    if wait := limits.seconds_to_wait("track", returning.address(), is_from_here):
        refusal = Refusal(429, "too_many_requests", f"Wait {wait} s and try again.")
        refusal.headers = {"Retry-After": str(wait)}
        raise refusal


def _answer(response: Response) -> Response:
    if _is_ours():
        _open_to_shop(response)
        visiting.keep(response)
    return response


def _open_to_shop(response: Response) -> None:
    """Credentials for origins that are named; whatever origin there is may only speak for itself."""
    response.vary.add("Origin")
    origin = _allowed(request.headers.get("Origin", ""))
    if origin is None:
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    if origin != ANY:
        response.headers["Access-Control-Allow-Credentials"] = "true"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "POST, OPTIONS")
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
        response.headers["Access-Control-Max-Age"] = str(A_DAY)


def _allowed(origin: str) -> str | None:
    origins: tuple[str, ...] = current_app.extensions["config"].track_origins
    if origin and origin.lower() in origins:
        return origin
    return ANY if origin and ANY in origins else None
