"""The whole story of one customer: what they did and allow, what became known of them, each mail with its fate."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, func, literal, select, true, union_all

from app.consent.suppression import REASONS, Suppression
from app.content.template import Link
from app.customers.customer import Customer
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from app.deliveries.variant import RunVariant
from app.events import story
from app.events.story import Part, Story, packed
from app.listing import BadAsk
from app.tracking.hit import Hit
from app.tracking.receipts import directory as receipts

KINDS = ("all", "mail", "events", "stages", "changes", "consent")
# What came of a mail after it was accepted; opens and clicks are told by what was hit. In the order in which they come.
CAME = {
    "delivered": Delivery.delivered_at,
    "bounced": Delivery.bounced_at,
    "complained": Delivery.complained_at,
    "unsubscribed": Delivery.unsubscribed_at,
    "converted": Delivery.converted_at,
}
STEPS = 16  # of a mail; its number and the step are the number of a line
PLACES = 1 << 17  # of what was hit: links, each by people and by machines


def of(customer_id: int, kind: str, after: str | None, with_machines: bool = False) -> Story:
    return story.of(customer_id, _parts(kind, with_machines), after)


def _parts(kind: str, with_machines: bool) -> Sequence[Part]:
    parts: dict[str, tuple[Part, ...]] = {
        "mail": (_mails, _came_back, partial(_hits, with_machines=with_machines)),
        "events": (story.events,),
        "stages": (story.moves,),
        "changes": (story.changes, _signed_up),
        "consent": (story.consents, _suppressions),
    }
    if kind not in KINDS:
        raise BadAsk(f"A story shows {', '.join(KINDS)}, not “{kind[:40]}”.")
    return [part for some in parts.values() for part in some] if kind == "all" else parts[kind]


def _mails(customer_id: int) -> Select[Any]:
    """Each that was planned for them; one that never went out stands at the time of its run."""
    what = packed(
        run=Run.name,
        state=Delivery.state,
        reason=Delivery.reason,
        is_opened=Delivery.opened_at.is_not(None),
        is_clicked=Delivery.clicked_at.is_not(None),
        delivery_id=Delivery.id,
    )
    at = func.coalesce(Delivery.accepted_at, Run.started_at, Run.created_date)
    return _whole(_theirs(customer_id, "mail", Delivery.id * STEPS, at, literal("planned"), what))


def _came_back(customer_id: int) -> Select[Any]:
    what = _of_mail(reason=receipts.words_of_bounce(Delivery.id))
    steps = [
        _theirs(customer_id, "mail", Delivery.id * STEPS + place, at, literal(name), what)
        .where(at.is_not(None))
        for place, (name, at) in enumerate(CAME.items(), start=1)
    ]  # fmt: skip
    return select(union_all(*steps).subquery())


def _hits(customer_id: int, *, with_machines: bool) -> Select[Any]:
    """The same link again, or the mail opened again, is no line of its own."""
    version = func.coalesce(RunVariant.version_id, Run.version_id)
    of_variant = and_(RunVariant.run_id == Delivery.run_id, RunVariant.place == Delivery.variant)
    link = and_(Link.version_id == version, Link.place == Hit.place)
    place = func.coalesce(Hit.place, -1) + 1
    key = Hit.delivery_id * PLACES + place * 2 + case((Hit.is_human, 1), else_=0)
    what = _of_mail(
        is_human=Hit.is_human,
        times=func.count(),
        label=func.max(func.coalesce(func.nullif(Link.label, ""), Link.href)),
    )
    grouped = (
        select(
            literal("hit", String).label("kind"),
            key.label("id"),
            func.min(Hit.at).label("at"),
            Hit.kind.label("name"),
            what.label("properties"),
        )
        .join(Delivery, Delivery.id == Hit.delivery_id)
        .join(Run, Run.id == Delivery.run_id)
        .outerjoin(RunVariant, of_variant)
        .outerjoin(Link, link)
        .where(Hit.customer_id == customer_id, true() if with_machines else Hit.is_human)
        .group_by(Hit.delivery_id, Hit.kind, Hit.place, Hit.is_human, Run.name, Delivery.id)
    )
    return _whole(grouped)


def _suppressions(customer_id: int) -> Select[Any]:
    """Of the address that they have now."""
    rows = [
        select(
            literal("suppression").label("kind"),
            (Suppression.id * len(REASONS) + place).label("id"),
            getattr(Suppression, column).label("at"),
            literal(reason).label("name"),
            packed(source=Suppression.source).label("properties"),
        )
        .join(Customer, Customer.email_folded == Suppression.email_folded)
        .where(Customer.id == customer_id, getattr(Suppression, column).is_not(None))
        for place, (reason, column) in enumerate(REASONS.items())
    ]
    return select(union_all(*rows).subquery())


def _signed_up(customer_id: int) -> Select[Any]:
    return _whole(
        select(
            literal("sign-up").label("kind"),
            Customer.id.label("id"),
            Customer.created_date.label("at"),
            func.coalesce(Customer.source, "").label("name"),
            packed(import_id=Customer.import_id).label("properties"),
        ).where(Customer.id == customer_id)
    )


def _theirs(customer_id: int, kind: str, key: Any, at: Any, name: ColumnElement[str], what: Any) -> Select[Any]:
    named = (literal(kind).label("kind"), key.label("id"), at.label("at"), name.label("name"), what.label("properties"))
    mine = select(*named).join(Run, Run.id == Delivery.run_id)
    return mine.where(Delivery.customer_id == customer_id)


def _of_mail(**more: Any) -> Any:
    return packed(run=Run.name, delivery_id=Delivery.id, **more)


def _whole(rows: Select[Any]) -> Select[Any]:
    return select(rows.subquery())
