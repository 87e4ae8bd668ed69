"""/preferences: what people want to hear of, when, and what interests them; saved by plain forms."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, abort, make_response, render_template, request

from app.access import public
from app.blueprints.public import quiet
from app.blueprints.settings.saving import typed
from app.consent import links, own_facts, preferences, readers
from app.consent.links import Reader
from app.consent.preferences import Word
from app.customers.customer import Customer
from app.db import db
from app.deliveries import leaving

door = Blueprint("preferences", __name__)
quiet.keep(door)

ALL = "Stop all marketing mail"


@door.get("/preferences")
@public
def show() -> Response:
    customer = readers.person(quiet.reader(links.PREFERENCES))
    return _page(customer) if customer else _gone()


@door.post("/preferences")
@public
def act() -> Response:
    reader = quiet.reader(links.PREFERENCES)
    deed = {"save": _save, "all": _stop_all, "pause": _pause, "resume": _resume}.get(request.form.get("act", ""))
    return deed(reader) if deed else abort(400)


def _save(reader: Reader) -> Response:
    customer = readers.person(reader)
    if customer is None:
        return _gone()
    told = {"timezone": customer.timezone or "", "interest": own_facts.interests(customer)}
    told |= typed(*(name for name in told if name in request.form))
    if errors := own_facts.problems(customer, **told):
        return _page(customer, 422, errors=errors, told=told)
    # Facts first: whoever writes customers takes the locks of their keys before their rows.
    is_told = own_facts.save(customer, **told, now=datetime.now(UTC))
    if (customer := readers.held(reader)) is None:
        return _gone()
    gets, left = readers.wish(customer.id, _numbers("topic"), _numbers("on"), _word())
    if left:
        leaving.note(reader.delivery_id, customer.id, datetime.now(UTC))
    said = _sentences(gets, left, is_told)
    if gets and any(stand.is_master and not stand.is_on for stand in preferences.of(customer.id)):
        said += " But the main switch is off: nothing is sent until you turn it on."
    return _saved(customer, said)


def _stop_all(reader: Reader) -> Response:
    customer = readers.held(reader)
    if customer is None:
        return _gone()
    readers.stop(customer.id, None, _word(ALL))
    leaving.note(reader.delivery_id, customer.id, datetime.now(UTC))
    return _saved(customer, "You will no longer get marketing mail.")


def _pause(reader: Reader) -> Response:
    customer = readers.held(reader)
    if customer is None:
        return _gone()
    until = preferences.pause(customer.id, datetime.now(UTC))
    return _saved(customer, f"No marketing mail until {_day(until, customer)}.")


def _resume(reader: Reader) -> Response:
    customer = readers.held(reader)
    if customer is None:
        return _gone()
    preferences.end_pause(customer.id)
    return _saved(customer, "The pause has ended.")


def _word(shown: str = "") -> Word:
    return Word("page", "preference page", datetime.now(UTC), shown=shown, caller_hash=quiet.caller())


def _sentences(gets: list[str], left: list[str], is_told: bool) -> str:
    said = [f"You will no longer get {_listed(left)}."] if left else []
    said += [f"You will get {_listed(gets)}."] if gets else []
    return " ".join(said) or ("What you told us is kept." if is_told else "It is as it was.")


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _numbers(name: str) -> set[int]:
    written = request.form.getlist(name)
    return {int(one) for one in written if one.isascii() and one.isdecimal() and len(one) < 19}


def _day(at: datetime, customer: Customer) -> str:
    local = at.astimezone(own_facts.zone(customer))
    return f"{local.day} {local:%B %Y, %H:%M}"


def _saved(customer: Customer, said: str) -> Response:
    db.session.commit()
    here = own_facts.zone(customer)
    return _page(customer, saved=f"Saved at {datetime.now(here):%H:%M} ({here.key}). {said}")


def _page(customer: Customer, code: int = 200, **said: Any) -> Response:
    paused = preferences.paused_until(customer.id, datetime.now(UTC))
    said.setdefault("told", {"timezone": customer.timezone or "", "interest": own_facts.interests(customer)})
    page = render_template(
        "public/preferences.html",
        email=readers.masked(customer.email),
        stands=preferences.of(customer.id),
        zones=own_facts.zones(customer),
        has_interests=own_facts.has_interests(),
        paused_until=_day(paused, customer) if paused else None,
        token=quiet.token(),
        stop_all=ALL,
        **said,
    )
    return make_response(page, code)


def _gone() -> Response:
    return make_response(render_template("public/gone.html"))
