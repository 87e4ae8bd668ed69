"""Is it alive, is it ready, does work get done: for load balancers, for Prometheus and for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app import measures
from app.access import public
from app.accounts import api_keys
from app.db import db
from app.ops import work
from app.queue import redis_connection

door = Blueprint("health", __name__, url_prefix="/health")


@door.get("/live")
@public
def live() -> Response:
    return jsonify(status="ok")


@door.get("/ready")
@public
def ready() -> tuple[Response, int]:
    parts = {
        "database": _answers(lambda: db.session.execute(text("SELECT 1"))),
        "redis": _answers(redis_connection().ping),
    }
    is_ready = all(parts.values())
    said: dict[str, Any] = {name: "ok" if works else "away" for name, works in parts.items()}
    return jsonify(status="ok" if is_ready else "unavailable", **said), 200 if is_ready else 503


@door.get("/work")
@public
def oldest() -> Response:
    return jsonify(oldest_waiting_seconds=work.oldest_seconds())


@door.get("/metrics")
@public
def metrics() -> Response:
    if not (_is_here() or _has_key()):
        abort(404)
    body = measures.scrape(work.oldest_seconds(), work.depths())
    return Response(body, mimetype="text/plain; version=0.0.4")


def _is_here() -> bool:
    # A proxy on this machine speaks for strangers: what it forwards is not from here.
    return request.remote_addr in {"127.0.0.1", "::1"} and "X-Forwarded-For" not in request.headers


def _has_key() -> bool:
    key = api_keys.find(request.headers.get("Authorization", "").removeprefix("Bearer "))
    if key and api_keys.used(key, datetime.now(UTC)):
        db.session.commit()
    return key is not None


def _answers(question: Any) -> bool:
    try:
        question()
    except (SQLAlchemyError, RedisError, OSError):
        db.session.rollback()
        return False
    return True
