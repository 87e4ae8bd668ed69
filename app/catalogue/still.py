"""Is what a mail is about still so? And what does it show of it at this moment: prices and carts go on meanwhile.

What a mail was called for stands in its facts: the cart, or the products, each with what must still be true of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from app.catalogue.cart import Cart
from app.catalogue.product import Product
from app.catalogue.watch import Watch
from app.db import db
from app.settings import brand

ABANDONED_CART, BROWSE, PRICE_DROP, BACK_IN_STOCK = "abandoned_cart", "browse", "price_drop", "back_in_stock"
ASKED = (ABANDONED_CART, BROWSE, PRICE_DROP, BACK_IN_STOCK)
COLUMNS = ("product_id", "name", "url", "image_url", "price", "currency", "stock", "in_stock")
SHOWN = ("name", "url", "image_url", "price", "currency")
Facts = dict[str, Any]
Product_ = Mapping[str, Any]
Pair = tuple[int, str]  # a customer, and the product

# Many shops know only the second of an order.
BOUGHT = text(
    """
    SELECT said.key
      FROM unnest(CAST(:keys AS bigint[]), CAST(:customers AS bigint[]), CAST(:products AS text[]),
                  CAST(:since AS timestamptz[])) AS said(key, customer_id, product_id, since)
     WHERE EXISTS (SELECT FROM orders o
                    WHERE o.customer_id = said.customer_id AND o.status <> 'cancelled'
                      AND o.occurred_at >= said.since - interval '1 second'
                      AND (said.product_id IS NULL
                           OR o.items @> jsonb_build_array(jsonb_build_object('product_id', said.product_id))))
    """
)


@dataclass(frozen=True)
class Mail:
    key: int
    customer_id: int
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Shown:
    """`facts`: as they are now; of what is not true any more they say so under `overtaken`."""

    facts: Facts
    is_true: bool = True


def facts(behaviour: str, mails: Sequence[Mail], gone: Collection[int] = ()) -> dict[int, Shown]:
    """By the key of each. `gone`: of whom somebody else knows that it is not true any more."""
    about = _of_carts if behaviour == ABANDONED_CART else _of_products
    return about(behaviour, mails, gone)


def _of_carts(_behaviour: str, mails: Sequence[Mail], gone: Collection[int]) -> dict[int, Shown]:
    carts = _carts(mails)
    bought = _bought([(one, None, one.facts["cart"]["left_at"]) for one in mails if "cart" in one.facts])
    lines = [line["product_id"] for cart in carts.values() for line in cart.items]
    known = _products(lines)
    return {
        one.key: _cart(one, carts.get(one.customer_id), known, one.key in bought or one.key in gone) for one in mails
    }


def _cart(mail: Mail, cart: Cart | None, known: Mapping[str, Product_], is_over: bool) -> Shown:
    if is_over or cart is None or not cart.items or _is_touched(mail, cart):
        return Shown(dict(mail.facts), is_true=False)
    items = [_line(line, known.get(line["product_id"], {})) for line in cart.items]
    currencies = {one.get("currency") for one in items}
    told = {
        **mail.facts.get("cart", {}),
        "items": items,
        "total": sum(one.get("price", 0) * one["quantity"] for one in items),
        "currency": currencies.pop() if len(currencies) == 1 else None,
    }
    found = {**mail.facts, "cart": _said(told), **_of_first(items[0])}
    back = _way_back(cart, items)
    return Shown(found | ({"checkout_url": back} if back else {}))


def _is_touched(mail: Mail, cart: Cart) -> bool:
    """It is not left alone: once it is, it calls again."""
    return cart.occurred_at > datetime.fromisoformat(mail.facts["cart"]["left_at"])


def _way_back(cart: Cart, items: Sequence[Facts]) -> str:
    """To the cart; where the shop has not said where that is, to what lies in it, else to the shop."""
    return cart.checkout_url or next((one["url"] for one in items if one.get("url")), "") or brand.current().website


def _line(line: Mapping[str, Any], product: Product_) -> Facts:
    """The price that they were shown; the rest as the shop calls it now."""
    own = {name: line.get(name) for name in ("name", "url", "image_url")}
    whole = own | _said({name: product.get(name) for name in SHOWN}) | _said({"price": line.get("price")})
    named = whole | {"product_id": line["product_id"], "quantity": line["quantity"]}
    return _said(named | {"name": whole["name"] or line["product_id"]})


def _of_products(behaviour: str, mails: Sequence[Mail], gone: Collection[int]) -> dict[int, Shown]:
    known = _products([one["product_id"] for mail in mails for one in _told(mail)])
    if behaviour == BROWSE:
        gone = {*gone, *_in_cart(mails), *_bought(_first_looks(mails))}
        wanted = _named(mails)
    else:
        wanted = _watched(behaviour, mails)
    return {one.key: _some(behaviour, one, known, wanted, one.key in gone) for one in mails}


def _some(behaviour: str, mail: Mail, known: Mapping[str, Product_], wanted: Collection[Pair], is_over: bool) -> Shown:
    told = _told(mail)
    asked = [one for one in told if not is_over and (mail.customer_id, one["product_id"]) in wanted]
    left = [one for one in asked if _holds(behaviour, one, known.get(one["product_id"]))]
    over = [*mail.facts.get("overtaken", ()), *(one["product_id"] for one in told if one not in left)]
    more = {"overtaken": over} if over else {}
    if not left:
        return Shown({**mail.facts, **more}, is_true=False)
    products = [_product(behaviour, one, known[one["product_id"]]) for one in left]
    return Shown({**mail.facts, "products": products, **_of_first(products[0]), **more})


def _holds(behaviour: str, told: Product_, product: Product_ | None) -> bool:
    if product is None or not _is_in_stock(product):
        return False
    return behaviour != PRICE_DROP or _is_below(told, product)


def _is_below(told: Product_, product: Product_) -> bool:
    is_comparable = told.get("currency") in (None, product["currency"])
    return is_comparable and product["price"] is not None and bool(product["price"] < told["below"])


def _product(behaviour: str, told: Product_, product: Product_) -> Facts:
    shown = {**told, **_said({name: product[name] for name in SHOWN})}
    shown["name"] = product["name"] or told["product_id"]
    if behaviour == PRICE_DROP:
        shown["new_price"] = product["price"]
        shown["savings"] = max(0, told["old_price"] - product["price"])
    return shown


def _of_first(product: Product_) -> Facts:
    """Under the names that every mail about a product may use."""
    return {"product": dict(product), **_said({"product_name": product["name"], "product_link": product.get("url")})}


def _told(mail: Mail) -> Sequence[Product_]:
    told: Sequence[Product_] = mail.facts.get("products", ())
    return told


def _named(mails: Sequence[Mail]) -> set[Pair]:
    return {(mail.customer_id, one["product_id"]) for mail in mails for one in _told(mail)}


def _watched(behaviour: str, mails: Sequence[Mail]) -> set[Pair]:
    """Who does not want to hear of it any more is not told."""
    wants = Watch.on_price_drop if behaviour == PRICE_DROP else Watch.on_restock
    theirs = Watch.customer_id.in_([one.customer_id for one in mails]), wants
    found = db.session.execute(select(Watch.customer_id, Watch.product_id).where(*theirs))
    return {(row.customer_id, row.product_id) for row in found if row.customer_id is not None}


def _first_looks(mails: Sequence[Mail]) -> list[tuple[Mail, str | None, str]]:
    return [(mail, one["product_id"], one["first_at"]) for mail in mails for one in _told(mail)]


def _bought(asked: Sequence[tuple[Mail, str | None, str]]) -> set[int]:
    """Of each mail: what, and since when."""
    said = {
        "keys": [mail.key for mail, _, _ in asked],
        "customers": [mail.customer_id for mail, _, _ in asked],
        "products": [product_id for _, product_id, _ in asked],
        "since": [since for _, _, since in asked],
    }
    return set(db.session.scalars(BOUGHT, said))


def _in_cart(mails: Sequence[Mail]) -> set[int]:
    inside = {key: {line["product_id"] for line in cart.items} for key, cart in _carts(mails).items()}
    return {
        mail.key for mail in mails if any(one["product_id"] in inside.get(mail.customer_id, ()) for one in _told(mail))
    }


def _carts(mails: Sequence[Mail]) -> dict[int, Cart]:
    theirs = select(Cart).where(Cart.customer_id.in_([one.customer_id for one in mails]))
    found = db.session.scalars(theirs.execution_options(populate_existing=True))
    return {cart.customer_id: cart for cart in found if cart.customer_id is not None}


def _products(ids: Collection[str]) -> dict[str, Product_]:
    asked = select(*(getattr(Product, name) for name in COLUMNS)).where(Product.product_id.in_(set(ids)))
    return {row["product_id"]: dict(row) for row in db.session.execute(asked).mappings()}


def _is_in_stock(product: Product_) -> bool:
    """Nobody may know: then it is."""
    if product["in_stock"] is not None:
        return bool(product["in_stock"])
    return product["stock"] is None or product["stock"] > 0


def _said(told: Mapping[str, Any]) -> Facts:
    return {name: value for name, value in told.items() if value is not None}
