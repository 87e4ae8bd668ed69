"""Settings → Topics: what people can subscribe to, and what a new customer is subscribed to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, request, url_for

from app import htmx
from app.access import actor, may
from app.blueprints.settings.saving import changed_meanwhile, typed, version_sent
from app.consent import counts
from app.db import db
from app.settings import subscribing, topics
from app.settings.setting import ChangedMeanwhile
from app.settings.subscribing import Subscribing
from app.settings.topic import Topic

door = Blueprint("settings_topics", __name__, url_prefix="/settings/topics")


@door.get("")
@may("administer")
def index() -> Response:
    return _index(*subscribing.versioned(), {})


@door.post("/subscribing")
@may("administer")
def subscribe() -> Response:
    sent = Subscribing(asks_first=request.form.get("asks_first") == "1")
    if request.form.get("asks_first") not in {"0", "1"}:
        return _index(subscribing.read(), version_sent(), {"asks_first": "Choose one of the two."}, 422)
    try:
        subscribing.save(sent, version_sent(), actor())
    except ChangedMeanwhile:
        db.session.rollback()
        return _index(sent, version_sent(), changed_meanwhile(), 422)
    db.session.commit()
    said = "Saved. New customers are asked first." if sent.asks_first else "Saved. New customers are subscribed."
    return htmx.go(url_for("settings_topics.index"), said)


@door.get("/new")
@may("administer")
def new() -> Response:
    return _form(None, {"is_on": True}, {})


@door.post("")
@may("administer")
def add() -> Response:
    sent, is_on = typed("slug", "name", "description"), "is_on" in request.form
    if errors := topics.problems(**sent):
        return _form(None, {**sent, "is_on": is_on}, errors, 422)
    topic = topics.add(**sent, by=actor(), is_on=is_on)
    db.session.commit()
    return htmx.go(url_for("settings_topics.index"), f"Topic “{topic.name}” added.")


@door.get("/<int:topic_id>/edit")
@may("administer")
def edit(topic_id: int) -> Response:
    topic = topics.find(topic_id) or abort(404)
    return _form(topic, {"name": topic.name, "description": topic.description, "is_on": topic.is_on}, {})


@door.post("/<int:topic_id>")
@may("administer")
def save(topic_id: int) -> Response:
    topic = topics.find(topic_id) or abort(404)
    sent, is_on = typed("name", "description"), "is_on" in request.form
    if errors := topics.problems(None, **sent):
        return _form(topic, {**sent, "is_on": is_on}, errors, 422)
    topics.change(topic, **sent, by=actor(), is_on=is_on)
    db.session.commit()
    return htmx.go(url_for("settings_topics.index"), f"Topic “{topic.name}” saved.")


@door.post("/<int:topic_id>/<any(up, down):way>")
@may("administer")
def move(topic_id: int, way: str) -> Response:
    topic = _own(topic_id)
    topics.move(topic, way == "up", actor())
    db.session.commit()
    return _rows()


@door.post("/<int:topic_id>/archive")
@may("administer")
def archive(topic_id: int) -> Response:
    topics.archive(_own(topic_id), datetime.now(UTC), actor())
    db.session.commit()
    return _rows()


@door.post("/<int:topic_id>/return")
@may("administer")
def bring_back(topic_id: int) -> Response:
    topics.bring_back(_own(topic_id), actor())
    db.session.commit()
    return _rows()


def _own(topic_id: int) -> Topic:
    """The master topic is part of the product: it is renamed, never moved or archived."""
    topic = topics.find(topic_id) or abort(404)
    return abort(409) if topic.is_master else topic


def _index(held: Subscribing, version: int, errors: dict[str, str], code: int = 200) -> Response:
    return htmx.answer(
        "settings/topics/index.html",
        "settings/topics/_rows.html",
        code=code,
        subscribing=held,
        version=version,
        errors=errors,
        **_listed(),
    )


def _rows() -> Response:
    if htmx.wants_fragment():
        return htmx.answer("settings/topics/_rows.html", **_listed())
    return htmx.go(url_for("settings_topics.index"))


def _listed() -> dict[str, Any]:
    return {"topics": topics.everything(), "said": counts.by_topic()}


def _form(topic: Topic | None, sent: dict[str, Any], errors: dict[str, str], status: int = 200) -> Response:
    return htmx.answer("settings/topics/form.html", code=status, topic=topic, sent=sent, errors=errors)
