"""What people do with products, written as rows; each shows only the facts that matter."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import text

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
    _make_room_for(at)
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


def _make_room_for(at: datetime) -> None:
    day = at.date()
    name = f"product_views_of_{day:%Y%m%d}"
    if db.session.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is None:
        db.session.execute(
            text(
                f"CREATE TABLE {name} PARTITION OF product_views"
                f" FOR VALUES FROM ('{day} 00:00+00') TO ('{day + timedelta(days=1)} 00:00+00')"
            )
        )
