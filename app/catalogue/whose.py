"""Whose carts and orders these are, held so that nobody merges or erases the person until they are written."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import text

from app.customers import ambiguity, who
from app.customers.who import Found, Who
from app.db import db

HOLD = text("SELECT id FROM customers WHERE id = ANY (:ids) AND erased_at IS NULL ORDER BY id FOR KEY SHARE")
TRIES = 3


def find(named: Iterable[Who], source: str) -> dict[Who, Found]:
    """Somebody who is merged in this very moment is looked for once more."""
    people = list(dict.fromkeys(named))
    for _ in range(TRIES):
        found = who.find_many(people)
        ids = {one.id for one in found if one.id}
        held = set(db.session.scalars(HOLD, {"ids": sorted(ids)})) if ids else ids
        if held == ids:
            break
    _note_ambiguous(people, found, source)
    kept = [one if one.id in held else Found(None, one.is_ambiguous) for one in found]
    return dict(zip(people, kept, strict=True))


def _note_ambiguous(people: list[Who], found: list[Found], source: str) -> None:
    """Before any cart or order is locked: whoever writes customers takes these rows in the same order."""
    fits_several = [str(one.email) for one, place in zip(people, found, strict=True) if place.is_ambiguous]
    if fits_several:
        ambiguity.note_many(fits_several, source)
