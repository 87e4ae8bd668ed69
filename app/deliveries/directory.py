"""The list of runs, and the people of one: who got it, who did not, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, text

from app.customers.customer import Customer
from app.db import db
from app.deliveries import runs
from app.deliveries.delivery import ACCEPTED, WAITING, Delivery
from app.deliveries.run import STATES, Run
from app.deliveries.runs import Account
from app.listing import Field, Listing, folded, words

STATES_SAID = {
    "planning": "Planning",
    "sending": "Sending",
    "paused": "Paused",
    "finished": "Finished",
    "cancelled": "Cancelled",
    "failed": "Failed",
}
# What is asked for, and which mails that is: behind each number of a run stand as many people.
FATES: dict[str, ColumnElement[bool]] = {
    "waiting": Delivery.state.in_(WAITING),
    "accepted": Delivery.state.in_(ACCEPTED),
    **{name: and_(Delivery.state.in_(ACCEPTED), at.is_not(None)) for name, at in runs.CAME.items()},
    **{state: Delivery.state == state for state in ("skipped", "failed", "uncertain")},
}
REASONS_SAID = {
    "no_address": "No e-mail address",
    "bad_address": "The address is not one",
    "unsubscribed": "Unsubscribed",
    "suppressed": "Address bounced or complained",
    "capped": "Had enough mail already",
    "duplicate_address": "The address got it already",
    "holdout": "Held out on purpose",
    "missing_field": "A field is missing",
    "render": "The mail could not be drawn for them",
    "not_allowed": "Not in MAIL_ALLOW of this machine",
    "cancelled": "Cancelled before it went out",
    "left_segment": "Not in the segment any more",
    "overtaken": "What it was about is over",
    "expired": "Too late to be of use",
    "erased": "Erased",
}
# By batches: of a million rows nobody asks every two seconds how young they are.
PACE = text(
    """
    SELECT coalesce(sum(cardinality(sealed_ids)), 0) AS mails,
           extract(epoch FROM now() - greatest(min(posted_at), now() - interval '1 minute'))::float AS seconds
      FROM batches
     WHERE run_id = :run AND state = 'done' AND posted_at > now() - interval '1 minute'
    """
)
FEW = 10_000  # people who are counted one by one for a list; a million of them would take a second
SHARES = text(
    """
    SELECT run_id, count(*) FILTER (WHERE waiting_since IS NULL AND state <> 'held')::float / count(*) AS share
      FROM batches WHERE run_id = ANY (:runs) GROUP BY run_id
    """
)


def _search(q: str) -> ColumnElement[bool]:
    return func.fold(Run.name + " " + Run.segment_name).contains(folded(q), autoescape=True)


def _is(_op: str, value: str) -> ColumnElement[bool]:
    return Run.state == value


STATE = Field("state", "State", "choice", {"is": "is"}, _is, tuple((one, STATES_SAID[one]) for one in STATES))
LISTING = Listing({"created": (Run.created_date, Run.id)}, "-created", _search, {"state": STATE})
FATE = Field(
    "state",
    "What became of it",
    "choice",
    {"is": "is"},
    lambda _op, value: FATES[value],
    tuple((one, one.capitalize()) for one in FATES),
)
REASON = Field(
    "reason",
    "Reason",
    "choice",
    {"is": "is"},
    lambda _op, value: Delivery.reason == value,
    tuple(REASONS_SAID.items()),
    is_open=True,
)
PEOPLE = Listing(
    {"customer": (Delivery.customer_id, Delivery.id)},
    "customer",
    words(Customer.search_text),
    {"state": FATE, "reason": REASON},
)


def rows() -> Select[Run]:
    return select(Run)


def names(run_ids: Iterable[int]) -> dict[int, str]:
    named = select(Run.id, Run.name).where(Run.id.in_(set(run_ids)))
    return {row.id: row.name for row in db.session.execute(named)}


def after(run_id: int, most: int) -> list[Run]:
    """In order of their ids."""
    return list(db.session.scalars(select(Run).where(Run.id > run_id).order_by(Run.id).limit(most)))


def latest(most: int) -> list[Run]:
    return list(db.session.scalars(select(Run).order_by(Run.created_date.desc(), Run.id.desc()).limit(most)))


def people(run: Run, q: str) -> Select[Delivery]:
    """With their customers where somebody searches by name."""
    theirs = select(Delivery).where(Delivery.run_id == run.id)
    return theirs.join(Customer, Customer.id == Delivery.customer_id) if q else theirs


def find_delivery(delivery_id: int) -> Delivery | None:
    return db.session.get(Delivery, delivery_id) if delivery_id < 2**63 else None


def run_names(delivery_ids: Iterable[int]) -> dict[int, str]:
    """Of which run each of these mails is."""
    found = select(Delivery.id, Run.name).join(Run, Run.id == Delivery.run_id).where(Delivery.id.in_(set(delivery_ids)))
    return {row.id: row.name for row in db.session.execute(found)}


def deliveries_after(run_id: int, delivery_id: int, most: int) -> list[Delivery]:
    theirs = select(Delivery).where(Delivery.run_id == run_id, Delivery.id > delivery_id)
    return list(db.session.scalars(theirs.order_by(Delivery.id).limit(most)))


def of_customer(customer_id: int, most: int) -> list[tuple[Delivery, Run]]:
    """The latest first."""
    theirs = select(Delivery, Run).join(Run, Run.id == Delivery.run_id).where(Delivery.customer_id == customer_id)
    return [(row[0], row[1]) for row in db.session.execute(theirs.order_by(Delivery.id.desc()).limit(most))]


def rate(run: Run) -> float:
    """Mails a second that the provider has answered for in the last minute."""
    row = db.session.execute(PACE, {"run": run.id}).one()
    return row.mails / max(row.seconds, 1.0) if row.mails else 0.0


def shares(some: Sequence[Run]) -> dict[int, float]:
    """How much of each is done: by its people, of a large one by its batches: each is a hundredth at most."""
    few, many = ([one.id for one in some if (one.planned <= FEW) is is_few] for is_few in (True, False))
    by_people = {run_id: _share(account) for run_id, account in runs.accounts(few).items()} if few else {}
    found: Any = db.session.execute(SHARES, {"runs": many}) if many else ()
    return by_people | {row.run_id: row.share for row in found}


def _share(account: Account) -> float:
    """Of those who were not left out."""
    to_send = account.planned - sum(account.skipped.values())
    return 1 - account.waiting / to_send if to_send else 1.0
