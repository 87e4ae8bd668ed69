"""Settings → Attributes: which names there are, what they hold, and which of them are bound to a type."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request, url_for
from flask.typing import ResponseReturnValue

from app import htmx
from app.access import actor, may
from app.blueprints import asking
from app.blueprints.settings.saving import typed
from app.customers import attribute_holders, attribute_types
from app.customers.attributes import FIELD_TYPES, AttributeType
from app.db import db
from app.queue import ring

door = Blueprint("settings_attributes", __name__, url_prefix="/settings/attributes")

CHANGED = "Somebody else changed this type after you opened the page. Look again."


@door.get("")
@may("administer")
def index() -> ResponseReturnValue:
    if request.args.get("field"):
        return asking.moved_to_filter("settings_attributes.index")
    listing = attribute_types.listing()
    ask = asking.read(listing)
    page = attribute_types.page(ask)
    return htmx.answer(
        "settings/attributes/index.html", "settings/attributes/_results.html", listing=listing, ask=ask, page=page
    )


@door.get("/new")
@may("administer")
def new() -> Response:
    return _new({}, {})


@door.post("")
@may("administer")
def add() -> Response:
    sent = typed("name", "field_type")
    if errors := attribute_types.problems(sent["name"], sent["field_type"]):
        return _new(sent, errors, 422)
    attribute_types.change(sent["name"], sent["field_type"], actor())
    db.session.commit()
    ring("upkeep")
    return htmx.go(url_for("settings_attributes.index"), f"“{sent['name']}” holds {sent['field_type']} from now on.")


@door.get("/edit")
@may("administer")
def edit() -> Response:
    return _edit(attribute_types.get(request.args.get("name", "")) or abort(404))


@door.post("/edit")
@may("administer")
def save() -> Response:
    kind, chosen = _sent(), request.form.get("field_type", "")
    if chosen not in FIELD_TYPES:
        return _edit(kind, "Choose one of the six types.", 422)
    if request.form.get("was") != f"{kind.field_type} {kind.is_declared}":
        return _edit(kind, CHANGED, 422)
    attribute_types.change(kind.name, chosen, actor())
    db.session.commit()
    ring("upkeep")
    return htmx.go(url_for("settings_attributes.index"), f"“{kind.name}” holds {chosen} from now on.")


@door.post("/release")
@may("administer")
def release() -> Response:
    kind = _sent()
    attribute_types.release(kind.name, actor())
    db.session.commit()
    return htmx.go(url_for("settings_attributes.index"), f"“{kind.name}” takes values of any type again.")


def _sent() -> AttributeType:
    return attribute_types.get(request.form.get("name", "")) or abort(404)


def _new(sent: dict[str, str], errors: dict[str, str], code: int = 200) -> Response:
    return htmx.answer("settings/attributes/new.html", code=code, sent=sent, errors=errors, types=FIELD_TYPES)


def _edit(kind: AttributeType, refused: str = "", code: int = 200) -> Response:
    others = attribute_holders.count(kind.name)
    return htmx.answer(
        "settings/attributes/edit.html", code=code, kind=kind, refused=refused, others=others, types=FIELD_TYPES
    )
