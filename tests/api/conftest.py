"""Another system with its key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, has_app_context
from werkzeug.test import TestResponse

from app.accounts import api_keys
from app.audit.actor import COMMAND_LINE
from app.db import db


class System:
    def __init__(self, app: Flask, key: str) -> None:
        self.app, self.key = app, key

    def send(self, method: str, path: str, **said: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.key}", **said.pop("headers", {})}
        with self.app.app_context():
            answer = self.app.test_client().open(path, method=method, headers=headers, **said)
        if has_app_context():  # a thread of its own has none
            db.session.expire_all()
        return answer

    def post(self, noun: str, body: Any, **headers: str) -> TestResponse:
        return self.send("POST", f"/api/v1/{noun}", json=body, headers=headers)

    def get(self, path: str) -> TestResponse:
        return self.send("GET", f"/api/v1/{path}")


@pytest.fixture
def make_system(app: Flask) -> Callable[..., System]:
    def make(*scopes: str) -> System:
        _row, key = api_keys.create("LMS", scopes or ("ingest", "read"), COMMAND_LINE)
        db.session.commit()
        return System(app, key)

    return make


@pytest.fixture
def lms(make_system: Callable[..., System]) -> System:
    return make_system()
