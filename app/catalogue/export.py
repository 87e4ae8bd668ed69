"""Products as CSV, streamed; a file of these can be imported again as it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Engine, Select

from app import money
from app.catalogue.product import Product
from app.customers.export import guarded, written
from app.db import db

COLUMNS = ("product_id", "name", "category", "price", "currency", "stock", "in_stock", "image_url", "url")
BATCH = 2_000


def lines(products: Select[Product]) -> Iterator[str]:
    """On a connection of its own: the stream outlives the request."""
    return _lines(db.engine, products)


def line(cells: Iterable[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([guarded(written(cell)) for cell in cells])
    return out.getvalue()


def _lines(engine: Engine, products: Select[Product]) -> Iterator[str]:
    with engine.connect() as connection:
        yield "\ufeff" + line(COLUMNS)
        wanted = products.with_only_columns(*(getattr(Product, name) for name in COLUMNS)).order_by(Product.id)
        for rows in connection.execution_options(yield_per=BATCH).execute(wanted).partitions():
            yield "".join(line(_cells(row)) for row in rows)


def _cells(row: Any) -> list[Any]:
    price = None if row.price is None else money.plain(row.price, row.currency)
    return [price if name == "price" else getattr(row, name) for name in COLUMNS]
