"""Sets of customers as SQL, and what "all", "any" and "none" make of them.

A condition is a test on the row of a customer (Rows), or a set of ids and possibly its complement (Ids): whoever did
*not* log in is everyone but those who did. Complements travel upwards as a mark and meet "everyone" at the top only,
if they must. Sets are joined by INTERSECT, UNION and EXCEPT, which take half the time of one WHERE that holds
everything; tests on the same row by one look at customers, of which a set leaves few: half the time of INTERSECT.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

EVERYONE = "SELECT c.id AS customer_id FROM customers c WHERE c.erased_at IS NULL"
NOBODY = "SELECT c.id AS customer_id FROM customers c WHERE false"


@dataclass(frozen=True)
class Rows:
    """A test on a customer `c`; what is NULL does not hold."""

    where: str

    @property
    def negated(self) -> Rows:
        return Rows(f"({self.where}) IS NOT TRUE")


@dataclass(frozen=True)
class Ids:
    """SELECT customer_id …, everybody once if `is_once`, nobody erased if `is_living`; or everyone but these."""

    sql: str
    is_complement: bool = False
    is_once: bool = False
    is_living: bool = False

    @property
    def negated(self) -> Ids:
        return replace(self, is_complement=not self.is_complement)


Part = Rows | Ids


def all_of(parts: Sequence[Part]) -> Part:
    rows = [part for part in parts if isinstance(part, Rows)]
    sets = [part for part in parts if isinstance(part, Ids)]
    if not sets:
        return Rows(" AND ".join(f"({one.where})" for one in rows) or "true")
    inside = [one.sql for one in sets if not one.is_complement]
    outside = [one.sql for one in sets if one.is_complement]
    if rows:
        return _looked_up(Rows(" AND ".join(f"({one.where})" for one in rows)), inside, outside)
    if not inside:
        return Ids(_joined(outside, "UNION"), is_complement=True, is_once=len(outside) > 1)
    is_living = any(one.is_living and not one.is_complement for one in sets)
    is_once = len(sets) > 1 or sets[0].is_once
    return Ids(_without(_joined(inside, "INTERSECT"), outside), is_once=is_once, is_living=is_living)


def any_of(parts: Sequence[Part]) -> Part:
    rows = [part.where for part in parts if isinstance(part, Rows)]
    one = [Rows(" OR ".join(f"({where})" for where in rows))] if rows else []
    sets = [part for part in parts if isinstance(part, Ids)]
    if not sets:
        return one[0] if one else Rows("false")
    inside = [*map(of_rows, one), *(part.sql for part in sets if not part.is_complement)]
    missed = [part.sql for part in sets if part.is_complement]
    if not missed:
        is_living = all(part.is_living for part in sets)
        return Ids(_joined(inside, "UNION"), is_once=len(inside) > 1 or sets[0].is_once, is_living=is_living)
    # Whoever is outside one of these or inside one of those: everyone but who is inside all of these and none of those.
    return Ids(_without(_joined(missed, "INTERSECT"), inside), is_complement=True, is_once=len(missed) > 1)


def selected(part: Part) -> str:
    """SELECT customer_id …, each living customer once."""
    if isinstance(part, Rows):
        return of_rows(part)
    if part.is_complement:
        return EVERYONE + _but(part.sql)
    once = part.sql if part.is_once else f"SELECT DISTINCT customer_id FROM (\n{part.sql}\n) found"
    if part.is_living:
        return once
    # Erased a moment ago: gone from the audience before the rooms have forgotten what they did.
    return f"SELECT customer_id FROM (\n{once}\n) living\n WHERE customer_id NOT IN ({ERASED})"


ERASED = "SELECT id FROM customers WHERE erased_at IS NOT NULL"


def of_rows(part: Rows) -> str:
    return f"{EVERYONE}\n   AND ({part.where})"


def _looked_up(test: Rows, inside: Sequence[str], outside: Sequence[str]) -> Ids:
    within = f"\n   AND c.id IN (\n{_joined(inside, 'INTERSECT')}\n)" if inside else ""
    but = _but(_joined(outside, "UNION")) if outside else ""
    return Ids(of_rows(test) + within + but, is_once=True, is_living=True)


def _but(left_out: str) -> str:
    """An anti-join: NOT IN falls back to reading the set once per customer as soon as it is too large to be hashed."""
    return f"\n   AND NOT EXISTS (SELECT FROM (\n{left_out}\n) left_out WHERE left_out.customer_id = c.id)"


def _joined(selects: Sequence[str], how: str) -> str:
    return selects[0] if len(selects) == 1 else f"\n{how}\n".join(f"({one})" for one in selects)


def _without(inside: str, outside: Sequence[str]) -> str:
    return inside if not outside else f"({inside})\nEXCEPT\n({_joined(outside, 'UNION')})"
