"""What a product cost and how many there were: change by change, and as they stood at the end of each day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Engine, Row, ScalarSelect, select
from sqlalchemy.orm import aliased

from app import money
from app.catalogue.export import BATCH, line
from app.catalogue.product import Product, ProductChange
from app.db import db

DAYS = 90
CHANGES = 50  # shown; the file has all
DRAWN = ("price", "stock", "currency")

COLUMNS = (
    ProductChange.at,
    ProductChange.name,
    ProductChange.old,
    ProductChange.new,
    ProductChange.source,
    ProductChange.import_id,
)


@dataclass(frozen=True)
class Day:
    day: date
    price: int | None
    stock: int | None
    currency: str | None

    @property
    def drawn_price(self) -> str:
        return "" if self.price is None else money.plain(self.price, self.currency)


def changes(product: Product) -> Sequence[Row[Any]]:
    """Each with the currency before it and after it, where that has changed since."""
    mine = select(*COLUMNS, *_currencies()).where(ProductChange.product_id == product.id)
    latest = mine.order_by(ProductChange.at.desc(), ProductChange.id.desc())
    return db.session.execute(latest.limit(CHANGES + 1)).all()


def days(product: Product, now: datetime, zone: ZoneInfo) -> list[Day]:
    """From its first day on, at most 90: the values now, gone back change by change."""
    today = now.astimezone(zone).date()
    first = max(product.created_date.astimezone(zone).date(), today - timedelta(days=DAYS - 1))
    later = _changes_since(product, datetime(first.year, first.month, first.day, tzinfo=zone))
    held: dict[str, Any] = {name: getattr(product, name) for name in DRAWN}
    found = []
    for back in range((today - first).days + 1):
        day = today - timedelta(days=back)
        found.append(Day(day, held["price"], held["stock"], held["currency"]))
        while later and later[0].at.astimezone(zone).date() == day:
            change = later.pop(0)
            held[change.name] = change.old
    return found[::-1]


def csv_lines(product: Product) -> Iterator[str]:
    return _lines(db.engine, product.id, product.currency)


def _changes_since(product: Product, since: datetime) -> list[ProductChange]:
    mine = select(ProductChange).where(ProductChange.product_id == product.id, ProductChange.at >= since)
    drawn = mine.where(ProductChange.name.in_(DRAWN))
    return list(db.session.scalars(drawn.order_by(ProductChange.at.desc(), ProductChange.id.desc())))


def _lines(engine: Engine, product_id: int, currency: str | None) -> Iterator[str]:
    mine = select(*COLUMNS, *_currencies()).where(ProductChange.product_id == product_id)
    asked = mine.order_by(ProductChange.at, ProductChange.id)
    with engine.connect() as connection:
        yield "\ufeff" + line(("at", "field", "before", "after", "by"))
        for rows in connection.execution_options(yield_per=BATCH).execute(asked).partitions():
            for row in rows:
                before = _plain(row.name, row.old, row.currency_before or currency)
                after = _plain(row.name, row.new, row.currency_after or currency)
                yield line((row.at, row.name, before, after, row.source))


def _currencies() -> tuple[Any, Any]:
    """What it was counted in is what the next change of the currency has changed; none: it has not since."""
    later = aliased(ProductChange)
    return (
        _changed(later, later.at >= ProductChange.at).label("currency_before"),
        _changed(later, later.at > ProductChange.at).label("currency_after"),
    )


def _changed(later: Any, when: ColumnElement[bool]) -> ScalarSelect[Any]:
    next_ = select(later.old).where(later.product_id == ProductChange.product_id, later.name == "currency", when)
    return next_.order_by(later.at, later.id).limit(1).scalar_subquery()


def _plain(name: str, value: Any, currency: str | None) -> Any:
    return money.plain(value, currency) if name == "price" and value is not None else value
