"""One line per request and per job, as JSON or plain; with a request id and never with personal data."""

from __future__ import annotations

import logging
import re
import sys
import time
import traceback
from typing import Any
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request

from app import measures
from app.config import Config

GIVEN_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")
log = structlog.get_logger()


def init_app(app: Flask) -> None:
    configure(app.extensions["config"])
    app.before_request(_begin)
    app.after_request(_end)


def configure(config: Config) -> None:
    shape = (
        structlog.processors.JSONRenderer()
        if config.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            shape,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_names: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if GIVEN_ID.fullmatch(given) else uuid4().hex
    g.started = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    took = time.perf_counter() - g.get("started", time.perf_counter())
    response.headers["X-Request-Id"] = g.get("request_id", "")
    response.headers["Server-Timing"] = f"app;dur={took * 1000:.1f}"
    measures.request_seen(request.method, request.endpoint, response.status_code, took)
    if request.endpoint not in {"static", "health.live", "health.ready"}:
        # The rule, not the path: a path or a query may hold a name or a token.
        rule = request.url_rule.rule if request.url_rule else None
        log.info("request", method=request.method, rule=rule, status=response.status_code, ms=round(took * 1000, 1))
    return response


def place_of(error: BaseException) -> dict[str, Any]:
    """The kind and the place of an error, never its message: a database's message quotes the row that it refused."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename.rpartition('/app/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
    return {"error": type(error).__name__, "cause": type(error.__cause__).__name__, "at": places[-8:]}
