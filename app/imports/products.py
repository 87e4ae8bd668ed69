"""A file of products: foreseen as the catalogue would take each row, written slice by slice, undone field by field."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import select, text

from app import money
from app.catalogue import locks, products
from app.catalogue.product import Product, ProductChange
from app.catalogue.products import FIELDS, Foreseen, Incoming
from app.customers.attribute_values import Wrong
from app.db import copy, db
from app.imports.prices import minor_units
from app.imports.staging import people_of, rows_of
from app.imports.upload import Import

KIND = "products"
PRODUCTS = 2_000  # looked at together
ROWS = 1_000  # written together
AT_ONCE = 1_000  # undone together
KEPT = (
    "line bigint, product_id text, name text, said jsonb, changes jsonb, currency text, outcome text, problem text,"
    " writes boolean"
)
COLUMNS = [column.split()[0] for column in KEPT.split(", ")]

# All rows of a product together, in their order: each sees what the ones before it did.
NEXT = """
    WITH here AS (SELECT DISTINCT product_id FROM {rows} WHERE product_id > :after ORDER BY product_id LIMIT :limit)
    SELECT r.* FROM {rows} r JOIN here USING (product_id) ORDER BY r.product_id, r.line
"""
SPREAD = """
    SELECT DISTINCT ON (part) p.*
      FROM (SELECT *, width_bucket(line, 1, (SELECT max(line) + 2 FROM {kept}), :limit) AS part
              FROM {kept} WHERE outcome = :outcome) p
     ORDER BY part, line
"""
CHANGED = text(
    """
    SELECT DISTINCT c.product_id FROM product_changes c JOIN products p ON p.id = c.product_id
     WHERE c.import_id = :id AND c.product_id > :after AND p.import_id IS DISTINCT FROM :id
     ORDER BY c.product_id LIMIT :limit
    """
)
CREATED = text("SELECT id FROM products WHERE import_id = :id AND id > :after ORDER BY id LIMIT :limit FOR UPDATE")
# One that somebody else wrote to since, watches or launched stays as it is.
REMOVE = text(
    """
    DELETE FROM products p
     WHERE p.id = ANY (:ids)
       AND NOT EXISTS (SELECT FROM unnest(CAST(:fields AS text[])) AS field
                        WHERE to_jsonb(p) -> field IS DISTINCT FROM coalesce(
                              (SELECT c.new FROM product_changes c
                                WHERE c.product_id = p.id AND c.import_id = :id AND c.name = field
                                ORDER BY c.id DESC LIMIT 1), 'null'))
       AND NOT EXISTS (SELECT FROM product_changes c WHERE c.product_id = p.id AND c.import_id IS DISTINCT FROM :id)
       AND NOT EXISTS (SELECT FROM watchlist w WHERE w.product_id = p.product_id)
       AND NOT EXISTS (SELECT FROM launches l WHERE l.product_id = p.product_id)
    RETURNING p.id
    """
)

Problem = tuple[str | None, str, str]
Step = tuple[dict[str, int], dict[str, Any]]  # what was counted, and how far it came


@dataclass(frozen=True)
class Sample:
    line: int
    name: str
    changes: Sequence[tuple[str, Any, Any]]


def match(upload: Import) -> Generator[None, None, dict[int, Problem]]:
    """What each row would do; answers which cannot be taken, by line."""
    table, problems, after = people_of(upload), dict[int, Problem](), ""
    db.session.execute(text(f"DROP TABLE IF EXISTS {table}"))
    db.session.execute(text(f"CREATE TABLE {table} ({KEPT})"))
    asked = text(NEXT.format(rows=rows_of(upload)))
    while rows := db.session.execute(asked, {"after": after, "limit": PRODUCTS}).all():
        problems |= _look(table, rows)
        after = rows[-1].product_id
        yield
    db.session.execute(text(f"CREATE INDEX ON {table} (line) WHERE writes"))
    return problems


def values(upload: Import) -> int:
    changed = f"SELECT sum(jsonb_array_length(changes)) FROM {people_of(upload)} WHERE outcome = 'updated'"
    return int(db.session.scalar(text(changed)) or 0)


def samples(upload: Import, outcome: str, limit: int) -> list[Sample]:
    asked = text(SPREAD.format(kept=people_of(upload)))
    found = db.session.execute(asked, {"outcome": outcome, "limit": limit})
    return [Sample(row.line, row.name or row.product_id, _in_words(row)) for row in found]


def write(upload: Import, now: datetime) -> int:
    """The next slice: how many rows it had. Whoever changed a product since the preview changed what becomes of it."""
    asked = f"SELECT * FROM {people_of(upload)} WHERE writes AND line > :after ORDER BY line LIMIT :limit"
    rows = db.session.execute(text(asked), {"after": upload.applied_through, "limit": ROWS}).all()
    if rows:
        items = [Incoming(row.line, row.product_id, row.said) for row in rows]
        tally, _ = products.upsert_many(items, upload.said, now, upload.id)
        upload.applied_through, upload.applied_rows = rows[-1].line, upload.applied_rows + len(rows)
        foreseen = [row.outcome for row in rows]
        became = {name: getattr(tally, name) - foreseen.count(name) for name in ("created", "updated", "unchanged")}
        upload.preview = upload.preview | {name: upload.preview[name] + more for name, more in became.items()}
    return len(rows)


def undo(upload: Import, now: datetime) -> Iterator[Step]:
    """What it changed goes back where that still stands; what it created leaves if nobody touched it since."""
    yield from _put_back(upload, now)
    yield from _remove(upload)


def _look(table: str, rows: Sequence[Any]) -> dict[int, Problem]:
    items, problems = _incoming(rows)
    foreseen, rejects = products.foresee(items)
    said = {item.index: item for item in items}
    copy(table, COLUMNS, (_kept(one, said[one.index]) for one in foreseen))
    return problems | {one.index: (one.field, one.code, one.message) for one in rejects}


def _incoming(rows: Sequence[Any]) -> tuple[list[Incoming], dict[int, Problem]]:
    known = products.prices({row.product_id for row in rows})
    currencies = {key: price.currency for key, price in known.items()}
    items, problems = [], dict[int, Problem]()
    for row in rows:
        if row.currency:
            currencies[row.product_id] = row.currency.upper()
        try:
            items.append(Incoming(row.line, row.product_id, _said(row, currencies.get(row.product_id))))
        except Wrong as wrong:
            problems[row.line] = ("price", wrong.code, str(wrong))
    return items, problems


def _said(row: Any, currency: str | None) -> dict[str, Any]:
    """An empty cell leaves the value."""
    price = row.price_minor if row.price is None else minor_units(row.price, currency)
    said = {name: getattr(row, name) for name in FIELDS} | {"price": price}
    return {name: value for name, value in said.items() if value is not None}


def _kept(one: Foreseen, item: Incoming) -> tuple[Any, ...]:
    said, changes = (msgspec.json.encode(part).decode() for part in (item.said, one.changes))
    writes = one.outcome != "unchanged"
    return (item.index, item.product_id, one.name, said, changes, one.currency, one.outcome, None, writes)


def _in_words(row: Any) -> list[tuple[str, Any, Any]]:
    return [(name, *(_word(name, value, row.currency) for value in both)) for name, *both in row.changes]


def _word(name: str, value: Any, currency: str | None) -> Any:
    if name == "price" and value is not None:
        return money.said(value, currency)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _put_back(upload: Import, now: datetime) -> Iterator[Step]:
    while not upload.undo.get("values_done"):
        given = {"id": upload.id, "after": upload.undo.get("values_through", 0), "limit": AT_ONCE}
        ids = db.session.scalars(CHANGED, given).all()
        counted = _put_some_back(upload, ids, now) if ids else {}
        yield counted, {"values_through": ids[-1] if ids else None, "values_done": not ids}


def _put_some_back(upload: Import, ids: Sequence[int], now: datetime) -> dict[str, int]:
    keys = db.session.scalars(select(Product.product_id).where(Product.id.in_(ids))).all()
    locks.take("products", keys)
    held = db.session.scalars(select(Product).where(Product.id.in_(ids)).execution_options(populate_existing=True))
    told = select(ProductChange).where(ProductChange.product_id.in_(ids)).order_by(ProductChange.id)
    changes: dict[int, list[ProductChange]] = {}
    for change in db.session.scalars(told):
        changes.setdefault(change.product_id, []).append(change)
    items, put_back, kept = [], 0, 0
    for product in held:
        said, newer = _back(product, changes[product.id], upload.id)
        put_back, kept = put_back + len(said), kept + newer
        items.append(Incoming(product.id, product.product_id, said))
    products.upsert_many(items, f"undo of {upload.said}", now)
    return {"values": put_back, "kept_values": kept}


def _back(product: Product, changes: Sequence[ProductChange], import_id: int) -> tuple[dict[str, Any], int]:
    """What it would be without the file, and how many values are newer than it."""
    said: dict[str, Any] = {}
    newer = 0
    for name in dict.fromkeys(change.name for change in changes if change.import_id == import_id):
        of_field = [change for change in changes if change.name == name]
        mine = [change for change in of_field if change.import_id == import_id]
        if of_field[-1] is mine[-1] and getattr(product, name) == mine[-1].new:
            said[name] = mine[0].old
        else:
            newer += 1
    return said, newer


def _remove(upload: Import) -> Iterator[Step]:
    while not upload.undo.get("products_done"):
        given = {"id": upload.id, "after": upload.undo.get("products_through", 0), "limit": AT_ONCE}
        ids = db.session.scalars(CREATED, given).all()
        gone = db.session.scalars(REMOVE, {"ids": ids, "id": upload.id, "fields": list(FIELDS)}).all()
        counted = {"removed": len(gone), "kept_products": len(ids) - len(gone)}
        yield counted, {"products_through": ids[-1] if ids else None, "products_done": not ids}
