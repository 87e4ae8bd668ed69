"""Products: the list, one of them with its past and what people do with it, and both as files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from app import htmx, wording
from app.access import actor, may
from app.audit import record
from app.automations import about_product
from app.blueprints import asking
from app.catalogue import attention, directory, export, past
from app.catalogue.product import Product
from app.customers import directory as customers
from app.db import db
from app.listing import DAMAGED, BadAsk
from app.paging import BadCursor

door = Blueprint("products", __name__, url_prefix="/products")


@door.get("")
@may("read")
def index() -> ResponseReturnValue:
    if request.args.get("field"):
        return asking.moved_to_filter("products.index")
    listing = directory.listing()
    ask = asking.read(listing)
    page = listing.page(directory.everything(), ask)
    return htmx.answer(
        "products/index.html",
        "products/_results.html",
        listing=listing,
        ask=ask,
        page=page,
        attention=attention.of_many([product.product_id for product in page.rows], datetime.now(UTC)),
    )


@door.get("/export")
@may("read")
def export_csv() -> Response:
    listing = directory.listing()
    ask = asking.read(listing)
    wanted = directory.everything().where(listing.where(ask))
    record(actor(), "exported", "products", (None, "Products"), after={"q": ask.q, "filters": [*map(str, ask.filters)]})
    db.session.commit()
    return _file("products.csv", export.lines(wanted))


@door.get("/<int:product_id>")
@may("read")
def show(product_id: int) -> Response:
    product, now = _find(product_id), datetime.now(UTC)
    key = product.product_id
    looks, watchers = attention.looks(key, now), attention.watchers(key, None)
    people = {one.customer_id for one in looks.latest} | {watch.customer_id for watch in watchers.rows}
    return htmx.answer(
        "products/show.html",
        product=product,
        changes=past.changes(product),
        most_changes=past.CHANGES,
        days=past.days(product, now, wording.zone()),
        looks=looks,
        watchers=watchers,
        nameless_watchers=attention.nameless_watchers(key),
        in_carts=attention.in_carts(key),
        sold=attention.sold(key, now),
        called=about_product.called(key),
        launches=about_product.launches(key),
        people=customers.named(id for id in people if id),
    )


@door.get("/<int:product_id>/watchers")
@may("read")
def watchers(product_id: int) -> Response:
    product = _find(product_id)
    try:
        page = attention.watchers(product.product_id, request.args.get("cursor"))
    except BadCursor as error:
        raise BadAsk(DAMAGED) from error
    return htmx.answer(
        "products/watchers.html",
        "products/_watchers.html",
        product=product,
        watchers=page,
        nameless_watchers=attention.nameless_watchers(product.product_id),
        people=customers.named(watch.customer_id for watch in page.rows if watch.customer_id),
    )


@door.get("/<int:product_id>/changes.csv")
@may("read")
def changes(product_id: int) -> Response:
    product = _find(product_id)
    record(actor(), "exported the changes of", "product", (product.id, product.title))
    db.session.commit()
    return _file(f"product-{product.id}-changes.csv", past.csv_lines(product))


def _find(product_id: int) -> Product:
    return directory.find(product_id) or abort(404)


def _file(name: str, lines: Iterator[str]) -> Response:
    return Response(lines, mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'})
