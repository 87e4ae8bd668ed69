"""What the builder and the help page are drawn from: the words of fields.py and operators.py as plain data,
and the names that occur here, to be suggested.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from app.db import db, plain
from app.events import occurring
from app.events.funnel_event import FUNNEL_TYPES
from app.operators import ANY_KIND, BY_KIND, OF_PROPERTIES, OPERATORS
from app.segments import audience, directory
from app.segments.examples import EXAMPLES
from app.segments.fields import COLUMNS, KINDS, Input, Kind
from app.segments.inputs import SUM_OPS, TIMES
from app.settings import topics

# How many people are looked at for the words that stand in their interest: all of them would take seconds.
LATEST = 5_000
MOST = 500
TAKES = {
    "name": "a name, written exactly",
    "names": "a list of names",
    "choice": "one of these",
    "whole": "a whole number",
    "id": "an id",
    "duration": "a duration: 15m, 48h, 7d",
    "times": "how often: at_least, at_most or exactly a number",
    "within": "last a duration; from and to; or since last_run",
    "where": "a list of comparisons with properties",
    "nth": "event, n and possibly where",
    "last": "the event",
    "op": "a comparison",
    "value": "what it is compared with",
    "sum_op": "a comparison of numbers",
    "sum": "a number; for between two",
}
OPERANDS = {
    "one": "one value",
    "many": "a list",
    "text": "a text",
    "size": "a number or a day",
    "two": "a list of two: from, to",
    "time": "a day or a moment",
    "duration": "a duration",
    "nothing": "nothing",
}

INTERESTS = text(
    """
    SELECT DISTINCT lower(word) AS word
      FROM (SELECT attributes -> 'interest' AS held FROM customers ORDER BY id DESC LIMIT :latest) latest
     CROSS JOIN LATERAL jsonb_array_elements_text(
           CASE jsonb_typeof(held) WHEN 'array' THEN held WHEN 'string' THEN jsonb_build_array(held) ELSE '[]' END
         ) AS words (word)
     WHERE word <> '' ORDER BY word LIMIT :most
    """
)
CATEGORIES = "SELECT DISTINCT category FROM products WHERE category <> '' ORDER BY category LIMIT :most"


def words() -> dict[str, Any]:
    """The same for everybody."""
    return {
        "kinds": [_kind(one) for one in KINDS.values()],
        "columns": {one.name: one.kind for one in COLUMNS.values()},
        "ops": {one.name: {"label": one.label, "takes": one.takes} for one in OPERATORS.values()},
        "by_kind": BY_KIND,
        "any_kind": ANY_KIND,
        "of_properties": OF_PROPERTIES,
        "sum_ops": SUM_OPS,
        "times": TIMES,
        "examples": [{"label": one.label, "rules": one.rules} for one in EXAMPLES],
    }


def names(without: int | None = None) -> dict[str, Any]:
    """What occurs here. `without` is the segment that is being written: it cannot contain itself."""
    return {
        "events": occurring.names(),
        "attributes": audience.types(),
        "stages": _stages(),
        "categories": categories(),
        "interests": interests(),
        "topics": [(one.slug, one.name) for one in topics.in_use()],
        "segments": directory.choices(without),
    }


def interests() -> list[str]:
    return list(db.session.scalars(INTERESTS, {"latest": LATEST, "most": MOST}))


def categories() -> list[str]:
    return [row["category"] for row in plain(CATEGORIES, most=MOST)]


def _stages() -> dict[str, list[str]]:
    moves = occurring.moves()
    found = {
        funnel: {name for one in moves if one.funnel == funnel for name in (one.came_from, one.to)}
        for funnel in FUNNEL_TYPES
    }
    return {funnel: sorted(names - {""}) for funnel, names in found.items()}


def _kind(kind: Kind) -> dict[str, Any]:
    return {
        "name": kind.name,
        "label": kind.label,
        "marks": kind.marks,
        "help": kind.help,
        "inputs": [_input(one) for one in kind.inputs],
        "example": kind.example,
    }


def _input(part: Input) -> dict[str, Any]:
    return {
        "name": part.name,
        "label": part.label,
        "kind": part.kind,
        "is_needed": part.is_needed,
        "choices": part.choices,
        "suggests": part.suggests,
        "least": part.least,
        "most": part.most,
    }
