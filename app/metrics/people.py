"""The people behind a figure: whoever sees a number may see whose mails they are."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, or_, select

from app.customers.customer import Customer
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from app.listing import Listing, words
from app.metrics.scope import ALL, Scope

PEOPLE = Listing({"customer": (Delivery.customer_id, Delivery.id)}, "customer", words(Customer.search_text), {})
TIMES = {
    "delivered": Delivery.delivered_at,
    "bounced": Delivery.bounced_at,
    "complained": Delivery.complained_at,
    "opened": Delivery.opened_at,
    "clicked": Delivery.clicked_at,
    "converted": Delivery.converted_at,
    "unsubscribed": Delivery.unsubscribed_at,
}
MACHINES = {"opened": Delivery.machine_opened_at, "clicked": Delivery.machine_clicked_at}
WHATS = ("sent", "arrived", "failed", *TIMES)


def behind(scope: Scope, what: str, q: str = "") -> Select[Delivery]:
    """The mails that a figure counts, with their customers where somebody searches by name."""
    mails = select(Delivery).where(*_in_range(scope, what), *_of_scope(scope), _counted(scope, what))
    return mails.join(Customer, Customer.id == Delivery.customer_id) if q else mails


def _in_range(scope: Scope, what: str) -> tuple[ColumnElement[bool], ...]:
    starts, ends = scope.range.starts, scope.range.ends
    if what != "failed":
        return Delivery.accepted_at >= starts, Delivery.accepted_at < ends
    planned = select(Run.id).where(Run.planned_for >= starts, Run.planned_for < ends)
    return (Delivery.run_id.in_(planned),)


def _of_scope(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    if scope.run_id is not None:
        return (Delivery.run_id == scope.run_id,)
    if scope.automation_id is not None:
        return (Delivery.run_id.in_(select(Run.id).where(Run.automation_id == scope.automation_id)),)
    return ()


def _counted(scope: Scope, what: str) -> ColumnElement[bool]:
    if what == "sent":
        return Delivery.accepted_at.is_not(None)
    if what == "arrived":
        return and_(Delivery.accepted_at.is_not(None), Delivery.bounced_at.is_(None))
    if what == "failed":
        return and_(Delivery.state == "failed", Delivery.accepted_at.is_(None))
    if scope.who == ALL and what in MACHINES:
        return or_(TIMES[what].is_not(None), MACHINES[what].is_not(None))
    return TIMES[what].is_not(None)
