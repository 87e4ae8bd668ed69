"""What interests somebody, kept in the attribute `interest`: each word once, however it is spelled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select

from app.customers import attribute_types, upsert
from app.customers.customer import Customer
from app.customers.incoming import Incoming, Source
from app.db import db

INTEREST = "interest"
MOST, LONGEST = 50, 80  # as many as people may name themselves


def tidy(said: str) -> str:
    return " ".join(said.split())


def register(told: Mapping[int, Sequence[str]], source: Source, now: datetime) -> int:
    """What customers were found to be interested in, in that order. Never commits; says how many were changed.

    Where the team declared the name as a text, it holds the last one; as a number or a day, it holds none.
    """
    kind = attribute_types.declared().get(INTEREST, "array")
    if kind not in {"array", "string"} or not told:
        return 0
    held = _held(told)
    wanted = {one: _with(held[one], told[one]) if kind == "array" else tidy(told[one][-1]) for one in held}
    changed = [one for one in held if wanted[one] != held[one]]
    if changed and kind == "array":
        attribute_types.observe({INTEREST: "array"})
    items = [Incoming(place, one, attributes={INTEREST: wanted[one]}) for place, one in enumerate(changed)]
    return upsert.upsert_many(items, source, now)[0].updated


def _held(people: Iterable[int]) -> dict[int, object]:
    """Locked as whoever writes customers locks them: nobody adds one in between that would be lost."""
    ids = sorted(people)
    upsert.lock(map(str, ids))
    held = Customer.attributes[INTEREST]
    asked = select(Customer.id, held).where(Customer.id.in_(ids), Customer.erased_at.is_(None)).order_by(Customer.id)
    return {row[0]: row[1] for row in db.session.execute(asked.with_for_update(key_share=True))}


def _with(held: object, told: Sequence[str]) -> object:
    """As it is where it says all of them; of too many the oldest go."""
    before = held if isinstance(held, list) else [] if held is None else [held]
    known = {str(one).casefold() for one in before}
    after = list(before)
    for one in map(tidy, told):
        if one and one.casefold() not in known:
            known.add(one.casefold())
            after.append(one)
    return held if len(after) == len(before) else after[-MOST:]
