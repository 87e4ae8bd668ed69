"""Who uses a segment, and whom it uses: named before anything is deleted; circles are refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text

from app.db import db
from app.problem import Problem, Refused
from app.segments import audience, rules
from app.segments.segment import Segment

USERS = text(
    """
    SELECT id, name FROM customer_segments
     WHERE type = 'rules' AND jsonb_path_exists(rules, '$.**.segment ? (@ == $id)', jsonb_build_object('id', :id))
     ORDER BY lower(name), id
    """
)

COUNTS = text(
    """
    SELECT wanted.id, count(DISTINCT s.id) AS users
      FROM customer_segments s,
           jsonb_path_query(s.rules, '$.**.segment') AS used(value),
           unnest(CAST(:ids AS bigint[])) AS wanted(id)
     WHERE s.type = 'rules' AND used.value = to_jsonb(wanted.id)
     GROUP BY wanted.id
    """
)


@dataclass(frozen=True)
class User:
    kind: str  # segment, automation
    id: int
    name: str


Find = Callable[[Sequence[int]], list[tuple[int, User]]]
FINDERS: list[Find] = []


def told_by(find: Find) -> Find:
    """Rooms above this one use segments, too, and say so."""
    FINDERS.append(find)
    return find


def of(segment_id: int) -> list[User]:
    own = [User("segment", row.id, row.name) for row in db.session.execute(USERS, {"id": segment_id})]
    return own + [user for _, user in _told([segment_id])]


def counts(ids: Sequence[int]) -> dict[int, int]:
    """By how many each is used, for a list of them."""
    if not ids:
        return {}
    found = Counter({row.id: row.users for row in db.session.execute(COUNTS, {"ids": list(ids)})})
    found.update(segment_id for segment_id, _ in _told(ids))
    return dict(found)


def problems(raw: Any, own_id: int | None) -> list[Problem]:
    """They are locked until the end: nobody deletes one of them in between."""
    wanted = _within(raw)
    held = {one.id: one for one in db.session.scalars(_these(wanted).with_for_update(read=True))} if wanted else {}
    missing = [Problem("rules", f"There is no segment {one}.") for one in sorted(wanted - held.keys())]
    circles = [
        Problem("rules", f"The segment “{held[one].name}” uses this one already: that would be a circle.")
        for one in sorted(wanted & held.keys())
        if own_id is not None and own_id in _reached(one)
    ]
    return missing + circles


def types_within(segment_id: int) -> set[str]:
    """Of this one and of all that its rules name."""
    found = db.session.scalars(select(Segment.type).where(Segment.id.in_(_reached(segment_id))))
    return set(found)


def _told(ids: Sequence[int]) -> list[tuple[int, User]]:
    return [pair for find in FINDERS for pair in find(ids)]


def _reached(segment_id: int) -> set[int]:
    """All segments within this one, itself included."""
    seen: set[int] = set()
    ahead = {segment_id}
    while ahead:
        seen |= ahead
        found = db.session.scalars(_these(ahead)).all()
        ahead = {inner for one in found if one.type == "rules" for inner in _within(one.rules)} - seen
    return seen


def _within(raw: Any) -> set[int]:
    try:
        return rules.segments_in(rules.read(raw, audience.known()))
    except Refused:
        return set()


def _these(ids: set[int]) -> Any:
    return select(Segment).where(Segment.id.in_(ids)).order_by(Segment.id)
