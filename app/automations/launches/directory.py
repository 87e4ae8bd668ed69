"""The list of launches: searched by product and interest, filtered by step and by who asked."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, and_, func, select

from app.automations.launch import Launch
from app.automations.launches.launching import DROPPED, HELD
from app.catalogue.product import Product
from app.db import db
from app.deliveries.run import Run
from app.listing import Field, Listing, folded

SOURCES = (("api", "API"), ("catalogue", "catalogue"), ("hand", "by hand"))
STEPS = (
    ("received", "received"),
    ("audience", "audience"),
    ("sending", "sending"),
    ("done", "done"),
    ("cleaned", "cleaned"),
    ("held", "held"),
    ("dropped", "dropped"),
)
PRODUCTS = 500  # in a menu


def everything() -> Select[Launch]:
    return select(Launch)


def step_of(launch: Launch) -> str:
    """The last that it has been through."""
    if launch.outcome in (HELD, DROPPED):
        return str(launch.outcome)
    later = ("cleaned", "done", "sending", "audience")
    return next((name for name in later if getattr(launch, f"{name}_at") is not None), "received")


def runs_of(launches: Sequence[Launch]) -> dict[int, Run]:
    ids = [one.run_id for one in launches if one.run_id]
    return {run.id: run for run in db.session.scalars(select(Run).where(Run.id.in_(ids)))} if ids else {}


def held_count() -> int:
    return db.session.scalar(select(func.count()).select_from(Launch).where(Launch.outcome == HELD)) or 0


def products() -> list[tuple[str, str, str]]:
    """For a menu, the newest first: those that a mail can name and lead to."""
    ready = Product.name.is_not(None), Product.url.is_not(None)
    newest = select(Product.product_id, Product.name, Product.category).where(*ready).order_by(Product.id.desc())
    return [(row.product_id, row.name, row.category or "") for row in db.session.execute(newest.limit(PRODUCTS))]


def product(product_id: str) -> Product | None:
    return db.session.scalar(select(Product).where(Product.product_id == product_id)) if product_id else None


def _search(q: str) -> ColumnElement[bool]:
    words = Launch.interest + " " + func.coalesce(Launch.facts["product_name"].astext, "") + " " + Launch.by_name
    return func.fold(words).contains(folded(q), autoescape=True)


def _step(_op: str, value: str) -> ColumnElement[bool]:
    if value in (HELD, DROPPED):
        return Launch.outcome == value
    order = ("audience", "sending", "done", "cleaned")
    reached = [getattr(Launch, f"{value}_at").is_not(None)] if value != "received" else []
    later = order[order.index(value) + 1 :] if value in order else order
    not_yet = [getattr(Launch, f"{name}_at").is_(None) for name in later]
    return and_(*reached, *not_yet, func.coalesce(Launch.outcome, "").not_in((HELD, DROPPED)))


LISTING = Listing(
    {"received": (Launch.received_at, Launch.id)},
    "-received",
    _search,
    {
        "step": Field("step", "Step", "choice", {"is": "is"}, _step, STEPS),
        "source": Field(
            "source", "Asked by", "choice", {"is": "is"}, lambda _op, value: Launch.source == value, SOURCES
        ),
    },
)
