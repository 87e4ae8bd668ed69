"""Discounts: pools of codes, how many are left, and to whom they were given."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, request, url_for
from flask.typing import ResponseReturnValue

from app import htmx
from app.access import actor, may, person
from app.blueprints import asking
from app.blueprints.settings.saving import typed, version_sent
from app.catalogue import code_lists, codes, discounts
from app.catalogue.discount import FIXED, KINDS, DiscountPool
from app.catalogue.discounts import Changed, Used, Wanted
from app.customers import directory as customers
from app.db import db
from app.deliveries import directory as deliveries
from app.deliveries import discounting

door = Blueprint("discounts", __name__, url_prefix="/discounts")
FIELDS = ("name", "kind", "code", "prefix", "amount", "warn_below")
LATEST = 20


@door.get("")
@may("read")
def index() -> ResponseReturnValue:
    if request.args.get("field"):
        return asking.moved_to_filter("discounts.index")
    listing = discounts.listing()
    ask = asking.read(listing)
    page = listing.page(discounts.everything(), ask)
    return htmx.answer(
        "discounts/index.html",
        "discounts/_results.html",
        listing=listing,
        ask=ask,
        page=page,
        figures=discounts.figures(page.rows),
        kinds=discounts.SAID,
    )


@door.get("/new")
@may("edit")
def new() -> Response:
    return form(None, {"kind": FIXED, "warn_below": ""})


@door.post("")
@may("edit")
def create() -> Response:
    wanted, said = _wanted(), typed(*FIELDS)
    if errors := discounts.problems(wanted):
        return form(None, said, errors, 422)
    pool = discounts.create(wanted, datetime.now(UTC), actor())
    db.session.commit()
    return htmx.go(url_for("discounts.show", pool_id=pool.id), f"“{pool.name}” is there.")


@door.get("/<int:pool_id>")
@may("read")
def show(pool_id: int) -> Response:
    pool = found(pool_id)
    latest = discounts.last_taken(pool, LATEST)
    return htmx.answer(
        "discounts/show.html",
        pool=pool,
        figures=discounts.figures([pool])[pool.id],
        waiting=discounting.waiting(pool),
        used_by=discounts.users(pool),
        latest=latest,
        named=customers.named(one.customer_id for one in latest if one.customer_id),
        mails=deliveries.run_names(one.delivery_id for one in latest if one.delivery_id),
        kinds=discounts.SAID,
        shown=shown,
        example=codes.new(pool.prefix),
    )


@door.get("/<int:pool_id>/edit")
@may("edit")
def edit(pool_id: int) -> Response:
    pool = found(pool_id)
    return form(pool, _held(pool))


@door.post("/<int:pool_id>")
@may("edit")
def save(pool_id: int) -> Response:
    pool, said = found(pool_id), typed(*FIELDS)
    wanted = _wanted(pool.kind)
    if errors := discounts.problems(wanted, pool):
        return form(pool, said, errors, 422)
    try:
        discounting.change(pool, wanted, version_sent(), datetime.now(UTC), actor())
    except Changed:
        db.session.rollback()
        return form(found(pool_id), said, code=409)
    db.session.commit()
    return htmx.go(url_for("discounts.show", pool_id=pool_id), f"“{wanted.name}” is saved.")


@door.get("/<int:pool_id>/deletion")
@may("edit")
def ask_to_delete(pool_id: int) -> Response:
    return _deletion(found(pool_id))


@door.post("/<int:pool_id>/deletion")
@may("edit")
def delete(pool_id: int) -> Response:
    pool = found(pool_id)
    name = pool.name
    try:
        discounting.delete(pool, actor())
    except Used:
        db.session.rollback()
        return _deletion(found(pool_id), 409)
    db.session.commit()
    return htmx.go(url_for("discounts.index"), f"“{name}” is deleted.")


def found(pool_id: int) -> DiscountPool:
    return discounts.find(pool_id) or abort(404)


def shown(code: str) -> str:
    """Whole to those who work with them: a code is worth money."""
    return code if person().may("edit") else codes.masked(code)


def form(
    pool: DiscountPool | None, said: dict[str, str], errors: dict[str, str] | None = None, code: int = 200
) -> Response:
    return htmx.answer(
        "discounts/form.html",
        code=code,
        pool=pool,
        said=said,
        errors=errors or {},
        is_late=code == 409,
        kinds=discounts.SAID,
        most=code_lists.MOST,
    )


def _wanted(kind: str | None = None) -> Wanted:
    said = typed(*FIELDS)
    return Wanted(
        said["name"], kind or said["kind"], said["code"], said["prefix"], said["amount"], _whole(said["warn_below"])
    )


def _whole(written: str) -> int:
    """What is no number is outside of all limits."""
    plain = written.replace(",", "")
    return 0 if not plain else int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 10 else -1


def _held(pool: DiscountPool) -> dict[str, str]:
    words = {name: getattr(pool, name) or "" for name in FIELDS[:-1]}
    return words | {"warn_below": str(pool.warn_below or "")}


def _deletion(pool: DiscountPool, code: int = 200) -> Response:
    counted = discounts.figures([pool])[pool.id]
    return htmx.answer("discounts/deletion.html", code=code, pool=pool, used_by=discounts.users(pool), figures=counted)


assert set(discounts.SAID) == set(KINDS)
