"""/demo-shop: what there is to buy, and the box behind the counter where prices and stock are changed."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as Answer

from app import money
from app.access import public
from app.blueprints.demo_shop import opening
from app.catalogue import products, visiting
from app.catalogue.product import Product
from app.catalogue.products import Incoming
from app.db import db
from app.demo import goods
from app.queue import ring

door = Blueprint("demo_shop", __name__, url_prefix="/demo-shop")
opening.keep(door)

SHOWN = 120
SOURCE = "Demo shop"
COLOURS = {
    "stationery": ("#e8dcc3", "#7a5c20"), "books": ("#d6e2ee", "#27507d"), "clothing": ("#ecd5d0", "#93392a"),
    "courses": ("#d7e8dc", "#24643f"), "equipment": ("#dfdbe9", "#54457f"), "tickets": ("#f1e0c4", "#a05a0c"),
}  # fmt: skip
PLAIN = ("#e2e2de", "#55575c")


@door.get("")
@public
def index() -> Response:
    categories = db.session.scalars(select(Product.category).distinct().order_by(Product.category)).all()
    asked = request.args.get("category", "")
    wanted = select(Product).order_by(Product.category, Product.name).limit(SHOWN)
    found = db.session.scalars(wanted.where(Product.category == asked) if asked in categories else wanted).all()
    return opening.page("index.html", goods=found, categories=[one for one in categories if one], chosen=asked)


@door.post("/products")
@public
def fill() -> Answer:
    """Into an empty shop."""
    if db.session.scalar(select(Product.id).limit(1)) is None:
        goods.a_dozen(datetime.now(UTC))
        db.session.commit()
    return redirect(url_for("demo_shop.index"), 303)


@door.get("/products/<path:product_id>")
@public
def show(product_id: str) -> Response:
    product = _found(product_id)
    price = "" if product.price is None else money.plain(product.price, product.currency)
    return _shown(product, price, "" if product.stock is None else str(product.stock))


@door.post("/products/<path:product_id>")
@public
def change(product_id: str) -> Answer:
    """As the shop's own system would tell it."""
    product, price, stock = _found(product_id), request.form.get("price", ""), request.form.get("stock", "")
    try:
        said = {"price": _price(price, product), "stock": _stock(stock)}
    except ValueError as error:
        return _shown(product, price, stock, str(error))
    products.upsert_many([Incoming(0, product_id, said)], SOURCE, datetime.now(UTC))
    db.session.commit()
    ring("automations.look_at_shop")
    return redirect(url_for("demo_shop.show", product_id=product_id), 303)


@door.get("/pictures/<path:product_id>.svg")
@public
def picture(product_id: str) -> Response:
    product = _found(product_id)
    paper, ink = COLOURS.get(product.category or "", PLAIN)
    kind = product.category if product.category in COLOURS else "books"
    drawn = render_template("demo_shop/picture.svg", kind=kind, paper=paper, ink=ink)
    answer = make_response(drawn)
    answer.mimetype = "image/svg+xml"
    answer.headers["Cache-Control"] = "public, max-age=3600"
    return answer


def _shown(product: Product, price: str, stock: str, error: str | None = None) -> Response:
    view = {"product_id": product.product_id, "product_name": product.name, "product_price": product.price}
    view = visiting.told({**view, "product_category": product.category})
    parts = 10 ** money.places_of(product.currency)
    counter = {"price": price, "stock": stock, "error": error}
    return opening.page("product.html", 422 if error else 200, product=product, view=view, parts=parts, **counter)


def _found(product_id: str) -> Product:
    return ("\0" not in product_id and products.find(product_id)) or abort(404)


def _price(said: str, product: Product) -> int:
    try:
        whole = Decimal(said.strip().replace(",", ".")) * 10 ** money.places_of(product.currency)
        price = int(whole)
    except (InvalidOperation, ValueError, OverflowError):
        raise ValueError("The price is a number, like 14.90.") from None
    if price != whole or not 0 <= price <= 10**9:
        raise ValueError("The price is a number of at least 0, like 14.90.")
    return price


def _stock(said: str) -> int:
    if not (said.isascii() and said.isdecimal() and len(said) < 8):
        raise ValueError("The stock is a whole number: 0 means sold out.")
    return int(said)
