"""Settings → Topics."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, url_for

from app import htmx
from app.access import actor, may
from app.blueprints.settings.saving import typed
from app.db import db
from app.settings import topics
from app.settings.topic import Topic

door = Blueprint("settings_topics", __name__, url_prefix="/settings/topics")


@door.get("")
@may("administer")
def index() -> Response:
    return htmx.answer("settings/topics/index.html", "settings/topics/_rows.html", topics=topics.everything())


@door.get("/new")
@may("administer")
def new() -> Response:
    return _form(None, {}, {})


@door.post("")
@may("administer")
def add() -> Response:
    sent = typed("slug", "name", "description")
    if errors := topics.problems(**sent):
        return _form(None, sent, errors, 422)
    topic = topics.add(**sent, by=actor())
    db.session.commit()
    return htmx.go(url_for("settings_topics.index"), f"Topic “{topic.name}” added.")


@door.get("/<int:topic_id>/edit")
@may("administer")
def edit(topic_id: int) -> Response:
    topic = topics.find(topic_id) or abort(404)
    return _form(topic, {"name": topic.name, "description": topic.description}, {})


@door.post("/<int:topic_id>")
@may("administer")
def save(topic_id: int) -> Response:
    topic = topics.find(topic_id) or abort(404)
    sent = typed("name", "description")
    if errors := topics.problems(None, **sent):
        return _form(topic, sent, errors, 422)
    topics.change(topic, **sent, by=actor())
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


def _rows() -> Response:
    if htmx.wants_fragment():
        return htmx.answer("settings/topics/_rows.html", topics=topics.everything())
    return htmx.go(url_for("settings_topics.index"))


def _form(topic: Topic | None, sent: dict[str, str], errors: dict[str, str], status: int = 200) -> Response:
    return htmx.answer("settings/topics/form.html", code=status, topic=topic, sent=sent, errors=errors)
