"""A shop whose pages speak to /track, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import jwt
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.automations import answering
from app.db import db
from app.events.event import Event
from app.events.event_work import EventWork

SECRET = "the shop's own secret"


@contextmanager
def open_shop(app: Flask) -> Iterator[Flask]:
    before = app.extensions["config"]
    app.extensions["config"] = replace(before, track_jwt_secrets=(SECRET,))
    yield app
    app.extensions["config"] = before


def token(lead: str) -> str:
    return jwt.encode({"sub": lead}, SECRET, "HS256")


def say(app: Flask, path: str, lead: str | None = None, **body: Any) -> TestResponse:
    """As the page of somebody who is signed in, else of a session."""
    who = {"token": token(lead)} if lead else {} if "session_id" in body else {"session_id": "s-1"}
    answer = app.test_client().post(f"/track/{path}", json={**who, **body})
    db.session.rollback()
    return answer


def good(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    said: dict[str, Any] = answer.get_json()
    assert said.pop("success") is True
    return said


def refused(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["code"]


def done(customer_id: int) -> list[tuple[str, dict[str, Any]]]:
    """What a customer did, in order."""
    rows = db.session.scalars(select(Event).where(Event.customer_id == customer_id).order_by(Event.id))
    return [(row.name, row.properties) for row in rows]


def let_take_effect() -> None:
    keys = db.session.scalars(select(EventWork.id).order_by(EventWork.id)).all()
    answering.take(keys, datetime.now(UTC))
    db.session.commit()
