"""What is asked of the list of events, made out: which names, moves and people are meant.

Whatever fits too many people to be looked up one by one is left out and said (Words.fits_too_many), so that no
search reads ten million events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, text

from app.customers import directory as customers
from app.customers.customer import Customer
from app.customers.who import folded as folded_email
from app.db import db
from app.events import occurring
from app.events.fact import KINDS
from app.events.occurring import Move
from app.listing import Ask, Filter, folded, patterns, words
from app.listing_values import days, start_of_day

MOST_PEOPLE = 1_000  # some 50 ms at a million customers

# A number may be a lead id or our own; an id or a lead id also names whom a merge made of it.
NAMED = text(
    """
    SELECT id FROM customers WHERE lms_lead_id = :said
    UNION SELECT id FROM customers WHERE id = CAST(:number AS bigint)
    UNION SELECT customer_id FROM customer_aliases WHERE lms_lead_id = :said OR merged_id = CAST(:number AS bigint)
    UNION (SELECT id FROM customers WHERE email_folded = :email LIMIT :most)
    """
)


@dataclass(frozen=True)
class Words:
    """What a search may mean; a fact that fits one of them is found."""

    said: str
    names: Sequence[str]
    moves: Sequence[Move]
    people: Sequence[int]
    fits_too_many: bool


@dataclass(frozen=True)
class Wanted:
    """None: it does not matter."""

    kinds: frozenset[str]
    names: frozenset[str] | None
    funnels: frozenset[str] | None
    stages: tuple[tuple[str, str], ...]  # is (from or to), from, to
    people: frozenset[int] | None
    who: tuple[str, ...]  # what was said of them: some may be waited for under it
    since: datetime | None
    until: datetime | None
    words: Words | None


def of(ask: Ask, zone: ZoneInfo) -> Wanted:
    who = tuple(value.strip() for value in _values(ask, "customer"))
    return Wanted(
        kinds=_kinds(ask),
        names=_all_of(_values(ask, "name")),
        funnels=_all_of(_values(ask, "funnel")),
        stages=tuple((one.op, one.value) for one in _filters(ask, "stage")),
        people=frozenset.intersection(*map(_named, who)) if who else None,
        who=who,
        since=max(_since(ask, zone), default=None),
        until=min((start_of_day(one.value, zone) for one in _filters(ask, "at") if one.op == "before"), default=None),
        words=_words(ask.q) if patterns(ask.q) else None,
    )


def _filters(ask: Ask, field: str) -> list[Filter]:
    return [one for one in ask.filters if one.field == field]


def _values(ask: Ask, field: str) -> list[str]:
    return [one.value for one in _filters(ask, field)]


def _kinds(ask: Ask) -> frozenset[str]:
    asked = _all_of(_values(ask, "kind"))
    return frozenset(KINDS) if asked is None else asked


def _all_of(values: Iterable[str]) -> frozenset[str] | None:
    """Two different values of one field: nothing is both."""
    different = frozenset(values)
    if not different:
        return None
    return different if len(different) == 1 else frozenset()


def _since(ask: Ask, zone: ZoneInfo) -> list[datetime]:
    now, asked = datetime.now(UTC), _filters(ask, "at")
    return [
        *(start_of_day(one.value, zone) for one in asked if one.op == "after"),
        *(now - timedelta(days=days(one.value)) for one in asked if one.op == "within_last"),
    ]


def _named(said: str) -> frozenset[int]:
    number = int(said) if said.isascii() and said.isdecimal() and len(said) < 19 else None
    asked = {"said": said, "number": number, "email": folded_email(said), "most": MOST_PEOPLE}
    return frozenset(db.session.scalars(NAMED, asked))


def _words(q: str) -> Words:
    tokens = [token for token in folded(q).split() if any(map(str.isalnum, token))]
    people = list(db.session.scalars(_people(q)))
    fits_too_many = len(people) > MOST_PEOPLE
    return Words(
        said=q.replace("\0", " "),
        names=[name for name in occurring.names() if _has(tokens, name)],
        moves=[one for one in occurring.moves() if _has(tokens, f"{one.funnel} {one.came_from} {one.to}")],
        people=[] if fits_too_many else people,
        fits_too_many=fits_too_many,
    )


def _people(q: str) -> Select[int]:
    found = customers.everyone().with_only_columns(Customer.id).where(words(Customer.search_text)(q))
    return found.limit(MOST_PEOPLE + 1)


def _has(tokens: Sequence[str], said: str) -> bool:
    here = folded(f"{said} {said.replace('_', ' ')}")
    return all(token in here for token in tokens)
