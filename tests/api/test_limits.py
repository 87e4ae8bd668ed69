"""So many calls in so much time, per key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app import limits
from app.environment import Limit
from app.queue import redis_connection

PROXIED = {"X-Forwarded-For": "203.0.113.7"}


@pytest.fixture
def limit(app):
    """Says what RATE_LIMIT_API would."""
    config = app.extensions["config"]

    def say(most: int, seconds: int = 3600) -> None:
        app.extensions["config"] = replace(config, limits={"api": Limit(most, seconds), "track": None})

    yield say
    app.extensions["config"] = config


def statuses(system, calls: int, **headers: str) -> list[int]:
    return [system.send("GET", "/api/v1/customers", headers=headers).status_code for _ in range(calls)]


def test_each_key_has_calls_of_its_own(limit, make_system):
    limit(2)
    lms, shop = make_system("read"), make_system("read")
    assert statuses(lms, 3) == [200, 200, 429]
    assert statuses(shop, 3) == [200, 200, 429]


def test_too_many_are_told_when_to_come_back(limit, lms):
    limit(1)
    lms.get("customers")
    refused = lms.post("events", {"lms_lead_id": "L1", "name": "login"})
    assert refused.get_json()["error"]["code"] == "too_many_requests"
    assert 0 < int(refused.headers["Retry-After"]) <= 3600


def test_a_new_window_has_new_calls(limit, lms, monkeypatch):
    limit(1, 60)
    monkeypatch.setattr(limits.time, "time", lambda: 60_000.0)
    assert statuses(lms, 2) == [200, 429]
    assert lms.get("customers").headers["Retry-After"] == "60"
    monkeypatch.setattr(limits.time, "time", lambda: 60_060.0)
    assert statuses(lms, 1) == [200]


def test_unless_said_only_calls_from_elsewhere_are_counted(lms, monkeypatch):
    monkeypatch.setitem(limits.UNLESS_SAID, "api", Limit(1, 3600))
    assert statuses(lms, 3) == [200, 200, 200]
    assert statuses(lms, 2, **PROXIED) == [200, 429]


def test_without_redis_nobody_is_stopped(limit, lms, app):
    limit(1)
    config = app.extensions["config"]
    app.extensions["config"] = replace(config, redis_url="redis://127.0.0.1:1/0")
    assert statuses(lms, 3) == [200, 200, 200]


def test_windows_are_forgotten(limit, lms):
    limit(5, 60)
    lms.get("customers")
    names = redis_connection().keys("campus:limit:api:*")
    assert [0 < redis_connection().ttl(name) <= 61 for name in names] == [True]
