"""Visits of the shop from the stream into the database: views in sets, each once, and each counts as an event.

One worker at a time, by a lock that ends with its transaction: two would only do the same work twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from app.catalogue import products, sessions, views, visit_stream, weeks, whose
from app.catalogue.sessions import Span, Turn
from app.catalogue.visit_stream import EARLY_KEPT, Portion, Stayed, Told, Viewed
from app.catalogue.visitor import Visitor
from app.customers.who import Who
from app.db import db
from app.events import intake, keys, pending
from app.events.incoming import Incoming, Origin
from app.logs import log

VIEWED = "product_viewed"
AHEAD = timedelta(days=1)  # no clock of ours is that wrong: it is not from here
MINE = text("SELECT pg_try_advisory_xact_lock(hashtext('campus'), hashtext('drain views'))")
KNOWN = text("SELECT key FROM event_keys WHERE key = ANY (CAST(:keys AS uuid[]))")
PENDING = text(
    """
    SELECT DISTINCT s.session_id, s.customer_id
      FROM pending_events p JOIN sessions s ON s.session_id = p.anonymous_id AND s.to_at IS NULL
     WHERE p.received_at > :since AND p.lms_lead_id IS NULL AND p.email_folded IS NULL
    """
)
WAITING = text(
    """
    SELECT DISTINCT anonymous_id FROM pending_events
     WHERE anonymous_id = ANY (:sessions) AND lms_lead_id IS NULL AND email_folded IS NULL
    """
)


@dataclass
class Done:
    """`tried` are stays that waited for their view; `left` wait on."""

    views: int = 0
    tried: list[Stayed] = field(default_factory=list)
    left: list[Stayed] = field(default_factory=list)


def is_mine() -> bool:
    return bool(db.session.scalar(MINE))


def due_jobs() -> list[str]:
    """For the tick: the stream is no table."""
    return [visit_stream.DRAIN] if visit_stream.is_waiting() else []


def take(portion: Portion, now: datetime) -> Done:
    """Views first, that stays of the same portion find them; then what turned out to be somebody's. Never commits."""
    told = sorted((one for one in portion.seen if _is_of_now(one, now)), key=lambda one: one.at)
    looked = _new([one for one in told if isinstance(one, Viewed)])
    waited = visit_stream.early() if looked else []
    stays = [one for one in [*waited, *told] if isinstance(one, Stayed)]
    whose_is = _Walk([*told, *waited], now)
    sessions.hold(one.session_id for one in whose_is.turns)
    views.keep([(one, whose_is[one]) for one in looked])
    _tell(looked, whose_is, now)
    left = views.stay([(one, whose_is[one]) for one in stays])
    _join_pending(sessions.turn(whose_is.turns, now), now)
    _note(portion, len(told))
    return Done(len(looked), waited, [one for one in left if one.at > now.timestamp() - EARLY_KEPT])


def join(visitor: Visitor, now: datetime) -> int | None:
    """Somebody with a lead and a session: what the session did is theirs. None: the lead is unknown. Never commits."""
    customer = sessions.join(visitor, now)
    if customer and visitor.session_id:
        pending.join_anonymous(visitor.session_id, customer, now)
    return customer


def join_known(customer_ids: Sequence[int], now: datetime) -> None:
    """Whoever appears gets what waited under their lead, in the shop as well."""
    _join_pending(sessions.join_known(customer_ids, now), now)


def join_missed(now: datetime) -> None:
    join_known(sorted(sessions.missed(now)), now)
    if left := sessions.left(now):
        sessions.give(left, now)
    rows = db.session.execute(PENDING, {"since": now - sessions.MISSED_WITHIN})
    _join_pending({row.session_id: row.customer_id for row in rows}, now)


class _Walk:
    """Through a portion in the order of time: whose each thing is, and where a session changes hands."""

    def __init__(self, told: Collection[Told], now: datetime) -> None:
        earliest = views.moment(min((one.at for one in told), default=0))
        spans = sessions.spans({one.session_id for one in told if one.session_id}, earliest)
        leads = {one.lead: Who(lms_lead_id=one.lead) for one in told if one.lead}
        known = {span.customer_id: Who(customer_id=span.customer_id) for some in spans.values() for span in some}
        found = whose.find([*leads.values(), *known.values()], sessions.SOURCE)
        self.leads = {lead: found[one].id for lead, one in leads.items()}
        self.spans = {
            session: [replace(span, customer_id=found[known[span.customer_id]].id) for span in some]
            for session, some in spans.items()
        }
        self.since = now - views.JOINING
        self.turns: list[Turn] = []
        self._whose = {id(one): self._pass(one) for one in sorted(told, key=lambda one: one.at)}

    def __getitem__(self, one: Told) -> int | None:
        return self._whose[id(one)]

    def _pass(self, one: Told) -> int | None:
        at = views.moment(one.at)
        spans = self.spans.setdefault(one.session_id, []) if one.session_id else []
        if one.lead is None:
            return self._owner(spans, at)
        customer = self.leads[one.lead]
        if customer and one.session_id and sessions.is_turn(spans[-1] if spans else None, customer, at):
            spans.append(Span(customer, at))
            self.turns.append(Turn(one.session_id, customer, at))
        return customer

    def _owner(self, spans: Sequence[Span], at: datetime) -> int | None:
        """Whose it was then; before it was anybody's, the first one's, as far back as is kept for that."""
        begun = [span for span in spans if span.from_at <= at]
        if begun:
            return None if begun[-1].is_over(at) else begun[-1].customer_id
        return spans[0].customer_id if spans and at > self.since else None


def _is_of_now(one: Told, now: datetime) -> bool:
    return (now - weeks.KEPT).timestamp() < one.at < (now + AHEAD).timestamp()


def _new(told: Sequence[Viewed]) -> list[Viewed]:
    """A page that heard no answer says it again, under the same id: its event has been counted then."""
    by_key = {_key(one): one for one in reversed(told)}
    known = {key.hex for key in db.session.scalars(KNOWN, {"keys": list(by_key)})} if told else set()
    return [one for key, one in reversed(by_key.items()) if key not in known]


def _key(view: Viewed) -> str:
    return keys.key("event", _source(view))


def _source(view: Viewed) -> str:
    return f"view-{view.id}"


def _tell(looked: Sequence[Viewed], whose_is: _Walk, now: datetime) -> None:
    if looked:
        prices = products.prices({one.product_id for one in looked})
        facts = [_fact(place, one, whose_is[one], prices) for place, one in enumerate(looked)]
        intake.store(facts, Origin(), now)


def _fact(place: int, view: Viewed, customer: int | None, prices: Mapping[str, products.Price]) -> Incoming:
    return Incoming(
        index=place,
        kind="event",
        who=Who(customer_id=customer) if customer else view.visitor.who,
        name=VIEWED,
        occurred_at=views.moment(view.at),
        source_id=_source(view),
        properties=_properties(view, prices.get(view.product_id)),
    )


def _properties(view: Viewed, known: products.Price | None) -> dict[str, Any]:
    names = ("product_id", "name", "price", "category", "referrer", "device_type")
    told = {name: getattr(view, name) for name in names} | {"currency": known.currency if known else None}
    return {name: value for name, value in told.items() if value is not None}


def _join_pending(owners: Mapping[str, int], now: datetime) -> None:
    waiting = db.session.scalars(WAITING, {"sessions": list(owners)}).all() if owners else ()
    for session in waiting:
        pending.join_anonymous(session, owners[session], now)


def _note(portion: Portion, understood: int) -> None:
    if passed_over := len(portion.ids) - understood:
        log.info("views passed over", views=passed_over, unreadable=len(portion.odd))
