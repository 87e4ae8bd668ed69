"""What the catalogue began and somebody lets go days later: its mail tells what is so by then, or nothing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.automations.keeping import NotReady
from app.automations.launch import Launch
from app.automations.launches import wanted
from app.automations.launches.wanted import Wanted
from app.catalogue.product import Product
from app.db import db
from app.problem import Problem


def look(held: Launch) -> None:
    """Its facts are those of this moment. Raises NotReady where it is no news any more."""
    facts = held.facts
    product = db.session.scalar(select(Product).where(Product.product_id == held.product_id))
    if product is None:
        raise _over(held, "is not in the catalogue any more")
    if product.in_stock is False:
        raise _over(held, "is sold out")
    before = facts["product"].get("old_price")
    prices = {} if before is None else _prices(held, product, before)
    name, link = facts["product_name"], facts["product_link"]
    held.facts = wanted.facts(Wanted(held.interest, name, link, product_id=held.product_id, about=prices))


def _prices(held: Launch, product: Product, before: int) -> dict[str, Any]:
    """It may have become cheaper still."""
    is_other_money = product.currency != held.facts["product"].get("currency")
    if product.price is None or product.price >= before or is_other_money:
        raise _over(held, "is not cheaper any more")
    return {"old_price": before, "new_price": product.price, "savings": before - product.price}


def _over(held: Launch, how: str) -> NotReady:
    return NotReady([Problem("", f"“{held.facts['product_name']}” {how}. Nobody gets it; drop this launch.")])
