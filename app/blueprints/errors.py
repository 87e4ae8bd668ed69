"""What people see when something is wrong: a sentence, a way on, and a number to quote; never a trace."""

from __future__ import annotations

import traceback

from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, NotFound

from app import htmx, wording
from app.access import KeyRefused
from app.automations import keeping as automations
from app.blueprints.api import refusals
from app.blueprints.api.refusals import Refusal
from app.db import db
from app.listing import BadAsk
from app.logs import log
from app.problem import Passing
from app.segments.keeping import Gone

SAID = {
    400: ("This request was not understood", "Something in it is malformed. Go back, reload the page and try again."),
    403: ("This is not yours to do", "Your role does not allow it. An admin can change roles under Settings."),
    404: ("There is nothing here", "The address is wrong, or what was here is gone."),
    405: ("Not in this way", "This address exists, but it does not take this kind of request."),
    413: ("That is too large", "At most {} are taken here at once."),
    429: ("Too many tries", "Wait a little and try again."),
    500: ("This went wrong on our side", "Nothing was saved. It is written down with the number below."),
    503: ("The database does not answer", "Nothing is lost. Try again in a few seconds."),
}
API_SAID = {
    400: "This call was not understood.",
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
    413: "A body has at most 5 MB.",
    500: "This went wrong on our side; nothing was stored. Try again, and quote the request_id if it stays.",
    503: "The database does not answer; nothing is lost. Try again in a few seconds.",
}


def init_app(app: Flask) -> None:
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(KeyRefused, _refused)
    app.register_error_handler(BadAsk, lambda error: _page(422, "That does not work here", str(error)))
    app.register_error_handler(CSRFError, _stale)
    app.register_error_handler(HTTPException, _known)
    for gone in (Gone, automations.Gone):
        app.register_error_handler(gone, lambda _: _known(NotFound()))
    app.register_error_handler(Passing, _passing)
    app.register_error_handler(OperationalError, _away)
    app.register_error_handler(Exception, _unknown)


def _refused(error: Refusal | KeyRefused) -> Response:
    db.session.rollback()
    if isinstance(error, KeyRefused):
        return refusals.answer(error.status, str(error), error.code, headers=error.headers)
    return refusals.answer(error.status, str(error), error.code, error.details, error.headers, error.used_by)


def _known(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:
        return error
    title, said = SAID.get(error.code, (error.name, "Go back, reload the page and try again."))
    said = said.format(wording.size(request.max_content_length or 0))
    if refusals.speaks_json():
        response = refusals.answer(error.code, API_SAID.get(error.code) or f"{title}.")
    else:
        response = _page(error.code, title, said)
    for name in ("Allow", "Retry-After"):
        if value := dict(error.get_headers()).get(name):
            response.headers[name] = value
    return response


def _passing(error: Passing) -> Response:
    db.session.rollback()
    if refusals.speaks_json():
        return refusals.answer(409, str(error), "made_for_a_launch")
    return _page(409, "This belongs to a launch", str(error))


def _stale(_error: CSRFError) -> Response:
    return _page(
        400, "This page is too old", "Its form has expired, nothing was saved. Reload the page and send it again."
    )


def _away(error: OperationalError) -> Response:
    """Written without a template: the shell around a page asks the database for the team's name."""
    _write_down(error)
    return _bare(503)


def _unknown(error: Exception) -> Response:
    _write_down(error)
    if refusals.speaks_json():
        return refusals.answer(500, API_SAID[500])
    try:
        return _page(500, *SAID[500])
    except Exception as second:
        _write_down(second)
        return _bare(500)


def _bare(status: int) -> Response:
    if refusals.speaks_json():
        return refusals.answer(status, API_SAID[status], headers={"Retry-After": "5"})
    title, said = SAID[status]
    number = g.get("request_id", "")
    response = Response(f"<!doctype html><title>{title}</title><h1>{title}</h1><p>{said}</p><p>{number}</p>", status)
    if request.headers.get("HX-Request"):
        htmx.toast(response, f"{title}. {said}", "bad")
    return response


def _write_down(error: Exception) -> None:
    """The kind and the place, never the message: a database's message quotes the row that it refused."""
    frames = [
        f"{f.filename.rpartition('/app/')[2]}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)
    ]
    db.session.rollback()
    log.error("failed", error=type(error).__name__, cause=type(error.__cause__).__name__, at=frames[-8:])


def _page(status: int, title: str, said: str) -> Response:
    number = g.get("request_id", "") if status >= 500 else ""
    is_fragment = bool(request.headers.get("HX-Request"))
    response = htmx.answer(
        "errors/error.html", "errors/_error.html", code=status, title=title, said=said, number=number
    )
    if is_fragment and status != 422:
        # A failed fragment says so in a toast and leaves the page, and what was typed, as it is.
        htmx.toast(response, f"{title}. {said}", "bad")
        response.headers["HX-Reswap"] = "none"
    return response
