"""People who ask for mail on our page. They are customers once they follow the link that only their mailbox got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, select, update

from app.consent import preferences
from app.consent.preferences import Word
from app.consent.readers import words
from app.consent.signup import Signup
from app.customers import upsert
from app.customers.customer import Customer
from app.customers.incoming import Incoming, Source
from app.db import db
from app.listing import Listing
from app.settings import topics
from app.settings.addresses import is_address
from app.settings.topic import Topic

KEPT = timedelta(days=30)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FLOOD = 1_000  # mails to people who asked for some, in an hour; whoever asks then is mailed when they ask again
PAUSE, MOST = timedelta(minutes=10), 3  # between two mails to an address; in a day
LONGEST_NAME = 100
TRAP = "fax"  # a field of the form that people never see; what fills in every field does
ANY_TIME = "I can stop this at any time; every mail has a link for it."


class TooLate(Exception):
    """Nobody confirmed it for so long that it is void."""


@dataclass(frozen=True)
class Confirmed:
    customer_id: int | None
    # Who is new here, or can be named by more than before: what waited for them may join them.
    appeared: Sequence[int] = field(default_factory=list)


def offered() -> list[Topic]:
    return [topic for topic in topics.in_use() if not topic.is_master]


def problems(email: str, chosen: Sequence[Topic]) -> dict[str, str]:
    found = {}
    if not is_address(email):
        found["email"] = "An e-mail address, like maya@example.org."
    if not chosen and offered():
        found["topic"] = "Tick at least one; nothing is sent that you did not ask for."
    return found


def shown(brand_name: str, chosen: Sequence[Topic]) -> str:
    """The words of the form that they agree to, one line each."""
    lines = [f"{brand_name} may write to me about:", *(words(topic) for topic in chosen), ANY_TIME]
    return "\n".join(lines)


def ask(email: str, first_name: str, chosen: Sequence[Topic], brand_name: str, caller_hash: str) -> Signup:
    """The same again waits already: then it is that one. Of an address one at a time."""
    upsert.lock([email.lower()])
    signup = Signup(
        email=email,
        first_name=first_name[:LONGEST_NAME] or None,
        topic_ids=sorted(topic.id for topic in chosen),
        shown=shown(brand_name, chosen),
        caller_hash=bytes.fromhex(caller_hash),
    )
    same = (Signup.topic_ids == signup.topic_ids, Signup.shown == signup.shown, _is_open())
    waiting = db.session.scalar(select(Signup).where(func.lower(Signup.email) == email.lower(), *same).limit(1))
    if waiting is None:
        db.session.add(signup)
        db.session.flush()
    return waiting or signup


def may_be_mailed(signup: Signup, now: datetime) -> bool:
    """Whoever types in a stranger's address, with these topics or those, shall not fill their mailbox."""
    same = func.lower(Signup.email) == signup.email.lower(), Signup.mailed_at > now - DAY
    latest, mails = db.session.execute(select(func.max(Signup.mailed_at), func.sum(Signup.mails)).where(*same)).one()
    return (latest is None or (latest < now - PAUSE and mails < MOST)) and not _is_flood(now)


def _is_flood(now: datetime) -> bool:
    """So many strangers within an hour that somebody is using us."""
    return (db.session.scalar(select(func.count()).where(Signup.mailed_at > now - HOUR)) or 0) >= FLOOD


def find(signup_id: int) -> Signup | None:
    return db.session.get(Signup, signup_id) if signup_id < 2**63 else None


def is_void(signup: Signup, now: datetime) -> bool:
    return signup.confirmed_at is None and signup.created_date < now - KEPT


def confirm(signup_id: int, caller_hash: str, now: datetime) -> Confirmed:
    """Twice, also at once: one customer, one word."""
    alone = select(Signup).where(Signup.id == signup_id).with_for_update()
    signup = db.session.scalar(alone.execution_options(populate_existing=True))
    if signup is None or is_void(signup, now):
        raise TooLate
    if signup.confirmed_at:
        return Confirmed(signup.customer_id)
    customer_id, appeared = _customer(signup, now)
    if customer_id:
        in_use = {topic.id: True for topic in topics.in_use() if topic.is_master or topic.id in signup.topic_ids}
        word = Word("form", "sign-up", now, shown=signup.shown, caller_hash=caller_hash)
        preferences.say(customer_id, in_use, word)
    signup.confirmed_at, signup.customer_id = now, customer_id
    return Confirmed(customer_id, appeared)


def forget_unconfirmed(now: datetime) -> None:
    db.session.execute(delete(Signup).where(Signup.confirmed_at.is_(None), Signup.created_date < now - KEPT))


def everyone() -> Select[Signup]:
    return select(Signup)


def _is_open() -> ColumnElement[bool]:
    return and_(Signup.confirmed_at.is_(None), Signup.created_date > func.now() - KEPT)


def _customer(signup: Signup, now: datetime) -> tuple[int | None, Sequence[int]]:
    """Of several customers with this address the oldest one: an own word binds the address for all of them anyway."""
    upsert.lock([signup.email.lower()])  # nobody else makes a customer of this address meanwhile
    fitting = select(Customer).where(Customer.email_folded == signup.email.lower(), Customer.erased_at.is_(None))
    known = db.session.scalar(fitting.order_by(Customer.created_date, Customer.id).limit(1))
    said: dict[str, Any] = {}
    if signup.first_name and not (known and (known.first_name or known.last_name)):
        said["first_name"] = signup.first_name
    if known and not said:
        return known.id, []
    incoming = Incoming(0, known.id, said) if known else Incoming(0, columns={"email": signup.email, **said})
    tally, upserted = upsert.upsert_many([incoming], Source("sign-up"), now)
    if tally.created:  # they were asked, and said to what: of the rest silence is no yes
        db.session.execute(update(Customer).where(Customer.id == upserted.customer_ids[0]).values(asks_first=True))
    return upserted.customer_ids[0], upserted.appeared


def _has(q: str) -> ColumnElement[bool]:
    return func.lower(Signup.email).contains(q.strip().lower(), autoescape=True)


LISTING = Listing({"asked": (Signup.id, Signup.id)}, "-asked", _has)
