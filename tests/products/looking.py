"""What people do with products, written as rows; each shows only the facts that matter."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from app.catalogue import weeks
from app.catalogue.product import Product
from app.catalogue.view import ProductView
from app.catalogue.watch import Watch
from app.clock import clock
from app.db import db


def make_product(product_id: str = "shirt", **said: Any) -> Product:
    product = Product(product_id=product_id, **said)
    db.session.add(product)
    db.session.commit()
    return product


def make_view(product_id: str, customer: Any = None, at: datetime | None = None, **said: Any) -> ProductView:
    at = at or clock()
    weeks.ensure(at, at)
    view = ProductView(
        viewed_at=at, id=uuid4(), product_id=product_id, customer_id=customer.id if customer else None, **said
    )
    db.session.add(view)
    db.session.commit()
    return view


def make_watch(product_id: str, customer: Any = None, **said: Any) -> Watch:
    watch = Watch(product_id=product_id, customer_id=customer.id if customer else None, **said)
    db.session.add(watch)
    db.session.commit()
    return watch
