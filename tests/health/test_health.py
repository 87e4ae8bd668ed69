"""What load balancers and Prometheus are told."""

from __future__ import annotations

import pytest
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy import event

from app.accounts import api_keys
from app.audit import COMMAND_LINE
from app.blueprints import health
from app.db import db


def test_alive_and_ready_need_nobody_to_sign_in(stranger):
    assert stranger.get("/health/live").json == {"status": "ok"}
    assert stranger.get("/health/ready").json == {"status": "ok", "database": "ok", "redis": "ok"}


def test_without_redis_it_is_not_ready_but_says_which(stranger, monkeypatch):
    class Away:
        def ping(self):
            raise RedisAway

    monkeypatch.setattr(health, "redis_connection", Away)
    answer = stranger.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json["redis"] == "away"
    assert answer.json["database"] == "ok"


def test_work_tells_the_age_of_the_oldest_row_of_each_queue(stranger):
    ages = stranger.get("/health/work").json["oldest_waiting_seconds"]
    assert set(ages) >= {"send", "events", "imports", "upkeep"}


def test_metrics_are_for_this_machine_or_a_key(stranger):
    assert b"campus_request_seconds" in stranger.get("/health/metrics").data
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert stranger.get("/health/metrics", environ_base=elsewhere).status_code == 404
    assert stranger.get("/health/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
    bad = {"Authorization": "Bearer campus_live_x_y"}
    assert stranger.get("/health/metrics", headers=bad, environ_base=elsewhere).status_code == 404


def test_a_key_opens_the_metrics_from_anywhere_and_its_use_is_noted(app, stranger):
    key, written = api_keys.create("Prometheus", ["read"], COMMAND_LINE)
    db.session.commit()
    headers = {"Authorization": f"Bearer {written}"}
    answer = stranger.get("/health/metrics", headers=headers, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert b"campus_queue_depth" in answer.data
    db.session.expire_all()
    assert key.last_used_at


@pytest.mark.parametrize("path", ["/health/live", "/sign-in", "/nothing", "/customers"])
def test_every_answer_carries_its_headers(stranger, path):
    headers = stranger.get(path).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Request-Id"]


def test_a_request_id_from_outside_is_kept_when_it_is_one(stranger):
    assert (
        stranger.get("/health/live", headers={"X-Request-Id": "abc-12345678"}).headers["X-Request-Id"] == "abc-12345678"
    )
    evil = stranger.get("/health/live", headers={"X-Request-Id": "<script>"}).headers["X-Request-Id"]
    assert "<" not in evil


def test_style_sheets_and_health_checks_ask_the_database_for_nobody(app, client_of, viewer):
    browser, asked = client_of(viewer), []

    def note(*facts: object) -> None:
        asked.append(facts[2])

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert browser.get("/static/css/app.css").status_code == 200
        assert browser.get("/health/live").status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert asked == []
