"""What some customers do in the shop: what they looked at lately, what they watch, and carts that were left behind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, text

from app.catalogue import carts, watching, weeks
from app.catalogue.item import Item
from app.catalogue.product import Product
from app.catalogue.visitor import Visitor
from app.catalogue.watching import Wish
from app.customers.customer import Customer
from app.customers.who import Who
from app.db import db
from app.demo.chance import dice
from app.demo.goods import SHOP, SOURCE
from app.demo.plan import Plan

LOOKED = timedelta(days=60)
VIEWS, WATCHES, CARTS = 600, 40, 12
IDLE = timedelta(hours=30)

# Each look that the events tell of, once more as a view.
LOOKS = text(
    """
    INSERT INTO product_views (id, viewed_at, customer_id, product_id, name, price, category, device_type, seconds)
    SELECT CAST(md5('view ' || e.id) AS uuid), e.occurred_at, e.customer_id, e.properties ->> 'product_id',
           e.properties ->> 'name', CAST(e.properties ->> 'price' AS bigint), e.properties ->> 'category',
           CASE WHEN e.id % 5 < 3 THEN 'mobile' WHEN e.id % 5 = 3 THEN 'tablet' ELSE 'desktop' END,
           4 + (e.id * 37 % 211)
      FROM events e
     WHERE e.name = 'product_viewed' AND e.occurred_at > :since AND e.properties ? 'product_id'
     ORDER BY e.occurred_at DESC, e.id DESC LIMIT :most
    ON CONFLICT DO NOTHING
    """
)


def bring(plan: Plan) -> None:
    """After the people and what they did."""
    weeks.ensure(plan.now_at - LOOKED, plan.now_at)
    db.session.execute(LOOKS, {"since": plan.now_at - LOOKED, "most": VIEWS})
    goods = db.session.scalars(select(Product).order_by(Product.product_id)).all()
    leads = some_leads(WATCHES)
    if goods and leads:
        _watch(plan, goods, leads)
        _leave(plan, goods, leads[:CARTS])


def some_leads(most: int) -> Sequence[str]:
    """The latest who can be written to."""
    return [str(one.lms_lead_id) for one in some(most)]


def some(most: int) -> Sequence[Customer]:
    is_known = Customer.lms_lead_id.is_not(None) & (Customer.email_folded != "") & Customer.erased_at.is_(None)
    return db.session.scalars(select(Customer).where(is_known).order_by(Customer.id.desc()).limit(most)).all()


def _watch(plan: Plan, goods: Sequence[Product], leads: Sequence[str]) -> None:
    luck = dice(plan.seed, "watches")
    for lead in leads:
        one, at = luck.choice(goods), plan.now_at - timedelta(days=1 + luck.randrange(30), minutes=luck.randrange(600))
        target = int((one.price or 0) * 0.85) if luck.random() < 0.4 else None
        watching.add(Visitor(lead), Wish(one.product_id, target, on_restock=luck.random() < 0.5), at)


def _leave(plan: Plan, goods: Sequence[Product], leads: Sequence[str]) -> None:
    luck = dice(plan.seed, "carts")
    checkout = f"{(goods[0].url or '').partition(SHOP)[0]}{SHOP}/cart"
    told = []
    for place, lead in enumerate(leads):
        lines = [
            _line(one, 1 + luck.randrange(2)) for one in luck.sample(goods, min(1 + luck.randrange(3), len(goods)))
        ]
        at = plan.now_at - IDLE - timedelta(minutes=luck.randrange(300))
        told.append(carts.Incoming(place, Who(lms_lead_id=lead), lines, at, said={"checkout_url": checkout}))
    carts.upsert_many(told, SOURCE, plan.now_at)


def _line(one: Product, quantity: int) -> Item:
    return Item(one.product_id, quantity, one.price, one.name, one.image_url, one.url)
