"""/demo-shop/account: sign in as one of some customers. A real shop asks for a password first."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as Answer

from app.access import public
from app.blueprints.demo_shop import opening
from app.catalogue.product import Product
from app.catalogue.watch import Watch
from app.customers import who
from app.customers.who import Who
from app.db import db
from app.demo import shoppers

door = Blueprint("demo_shop_account", __name__, url_prefix="/demo-shop/account")
opening.keep(door)

OFFERED = 12


@door.get("")
@public
def show() -> Response:
    return _shown()


@door.post("/sign-in")
@public
def sign_in() -> Answer:
    """By the lead id, which is how the shop calls its users."""
    lead = request.form.get("lead", "").strip()[: opening.LONGEST]
    if "\0" in lead or not lead or who.find_many([Who(lms_lead_id=lead)])[0].id is None:
        return _shown(422, error="Nobody has this lead id.")
    answer = redirect(url_for("demo_shop_account.show"), 303)
    answer.set_cookie(opening.LEAD, lead, httponly=True, samesite="Lax")
    return answer


@door.post("/sign-out")
@public
def sign_out() -> Answer:
    answer = redirect(url_for("demo_shop.index"), 303)
    answer.delete_cookie(opening.LEAD)
    return answer


def _shown(status: int = 200, error: str | None = None) -> Response:
    offered = [] if opening.lead() else shoppers.some(OFFERED)
    return opening.page("account.html", status, offered=offered, watched=_watched(), error=error)


def _watched() -> list[tuple[Watch, Product | None]]:
    lead = opening.lead()
    known = who.find_many([Who(lms_lead_id=lead)])[0].id if lead else None
    asked = select(Watch, Product).outerjoin(Product, Product.product_id == Watch.product_id)
    rows = db.session.execute(asked.where(Watch.customer_id == known).order_by(Watch.id.desc())) if known else ()
    return [(row[0], row[1]) for row in rows]
