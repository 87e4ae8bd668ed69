"""A few of the customers whom an import created or changed, to look at what it did."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from app.catalogue.product import Product, ProductChange
from app.customers.attributes import AttributeChange
from app.customers.customer import Customer
from app.db import db
from app.imports import people_of_lists
from app.imports.upload import Import

FEW = 6


def created(upload: Import) -> Sequence[Customer]:
    if upload.kind == people_of_lists.KIND:
        return people_of_lists.some(upload, FEW)
    mine = select(Customer).where(Customer.import_id == upload.id, Customer.erased_at.is_(None))
    return db.session.scalars(mine.order_by(Customer.id).limit(FEW)).all()


def products_of(upload: Import) -> list[tuple[str, Sequence[Product]]]:
    mine = select(ProductChange.product_id).where(ProductChange.import_id == upload.id).distinct()
    made = select(Product).where(Product.import_id == upload.id)
    other = select(Product).where(Product.id.in_(mine), Product.import_id.is_distinct_from(upload.id))
    found = [(title, db.session.scalars(some.order_by(Product.id).limit(FEW)).all())
             for title, some in (("Created", made), ("Changed", other))]  # fmt: skip
    return [(title, some) for title, some in found if some]


def changed(upload: Import) -> Sequence[Customer]:
    ids = select(AttributeChange.customer_id).where(AttributeChange.import_id == upload.id).distinct()
    first = ids.order_by(AttributeChange.customer_id).limit(FEW)
    known = select(Customer).where(Customer.id.in_(first), Customer.erased_at.is_(None))
    return db.session.scalars(known.order_by(Customer.id)).all()
