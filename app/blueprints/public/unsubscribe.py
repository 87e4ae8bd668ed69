"""/unsubscribe: a page for people, and the one click of mail programs (RFC 8058). To look changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, make_response, render_template, request

from app.access import public
from app.blueprints.public import quiet
from app.consent import links, preferences, readers
from app.consent.links import Reader
from app.consent.preferences import Word
from app.customers.customer import Customer
from app.db import db
from app.deliveries import leaving
from app.settings.topic import Topic

door = Blueprint("unsubscribe", __name__)
quiet.keep(door)

ALL = "marketing mail"
REASONS = ("Too many mails", "Not what I hoped for", "I never asked for it", "I have what I needed")
LONGEST_COMMENT = 300


@door.get("/unsubscribe")
@public
def show() -> Response:
    reader = quiet.reader(links.UNSUBSCRIBE)
    customer = readers.person(reader)
    return _ask(reader, customer) if customer else _gone()


@door.post("/unsubscribe")
@public
def act() -> Response:
    reader = quiet.reader(links.UNSUBSCRIBE)
    if request.form.get("List-Unsubscribe") == "One-Click":
        return _one_click(reader)
    deed = {"topic": _stop_topic, "all": _stop_all, "undo": _undo}.get(request.form.get("act", "")) or abort(400)
    customer = readers.held(reader)
    if customer is None:
        return _gone()
    answer = deed(reader, customer)
    db.session.commit()
    return answer


def _one_click(reader: Reader) -> Response:
    """No page: the mail program reads only the status. It also chose the words that the person saw."""
    if customer := readers.held(reader):
        _stop(reader, customer, readers.topic_of(reader), _word("one-click", ""))
        db.session.commit()
    return Response("You are unsubscribed.\n", 200, mimetype="text/plain")


def _stop_topic(reader: Reader, customer: Customer) -> Response:
    topic = readers.topic_of(reader)
    _stop(reader, customer, topic, _word("unsubscribe page", _shown(topic)))
    return _done(reader, f"You will no longer get {_named(topic)}.", [topic.id] if topic else _was_on())


def _stop_all(reader: Reader, customer: Customer) -> Response:
    _stop(reader, customer, None, _word("unsubscribe page", _shown(None)))
    return _done(reader, f"You will no longer get {ALL}.", _was_on())


def _stop(reader: Reader, customer: Customer, topic: Topic | None, word: Word) -> None:
    readers.stop(customer.id, topic, word)
    leaving.note(reader.delivery_id, customer.id, word.at)


def _undo(reader: Reader, customer: Customer) -> Response:
    topic = readers.topic_of(reader)
    again = _numbers(request.form.getlist("again")) or ([topic.id] if topic else abort(400))
    readers.come_back(customer.id, again, _word("unsubscribe page", "Undo"))
    return _done(reader, "This is undone. You get the same mail as before.", [])


def _word(way: str, shown: str) -> Word:
    return Word("page", way, datetime.now(UTC), shown=shown, reason=_reason(), caller_hash=quiet.caller())


def _shown(topic: Topic | None) -> str:
    button = f"Unsubscribe from {topic.name}" if topic else "Stop all marketing mail"
    return f"Stop {_named(topic)}{' mail' if topic else ''}? {button}"


def _reason() -> str:
    """One of the list, and what they write beside it, without line breaks."""
    parts = (request.form.get("reason", ""), request.form.get("comment", ""))
    clean = (" ".join("".join(c if c.isprintable() else " " for c in part).split()) for part in parts)
    return ". ".join(part[:LONGEST_COMMENT] for part in clean if part)


def _was_on() -> list[int]:
    """What they got when the page was opened: what an undo brings back."""
    return _numbers(request.form.getlist("was"))


def _numbers(written: list[str]) -> list[int]:
    return [int(one) for one in written if one.isascii() and one.isdecimal() and len(one) < 19]


def _named(topic: Topic | None) -> str:
    return topic.name if topic else ALL


def _ask(reader: Reader, customer: Customer) -> Response:
    page = render_template(
        "public/unsubscribe.html",
        topic=readers.topic_of(reader),
        email=readers.masked(customer.email),
        was=[stand.topic_id for stand in preferences.of(customer.id) if stand.is_on],
        reasons=REASONS,
        longest=LONGEST_COMMENT,
        token=quiet.token(),
        preferences_token=links.preferences(customer.id, reader.delivery_id),
    )
    return make_response(page)


def _done(reader: Reader, said: str, again: list[int]) -> Response:
    to_preferences = links.preferences(reader.customer_id, reader.delivery_id)
    page = render_template(
        "public/unsubscribed.html", said=said, again=again, token=quiet.token(), preferences_token=to_preferences
    )
    return make_response(page)


def _gone() -> Response:
    return make_response(render_template("public/gone.html"))
