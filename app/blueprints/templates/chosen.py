"""As whom the mail is seen: what the form says, else what this person of the team chose last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import request, session

from app.blueprints.merges import number
from app.content.knowledge import Person
from app.ops import stand_ins
from app.ops.stand_ins import Among
from app.segments.unavailable import Unavailable

NOBODY = Person(0, None, "Maya", "Lindqvist", "maya@example.com", None, None, {}, None)
KEPT = "preview_as"


@dataclass(frozen=True)
class Chosen:
    """`problem`: why it is somebody else than was asked for."""

    person: Person
    among: Among
    problem: str = ""


def read() -> Chosen:
    """And remembered for the next mail."""
    chosen = _asked()
    kept = {"id": chosen.person.id, "lacks": chosen.among.lacks, "segment": chosen.among.segment_id}
    if session.get(KEPT) != kept:
        session[KEPT] = kept
    return chosen


def _asked() -> Chosen:
    kept = session.get(KEPT, {})
    among = _among(kept)
    try:
        found = _stepped(among, number(request.form.get("as")) or kept.get("id"))
    except Unavailable as why:
        return Chosen(_anybody(kept.get("id")), Among(), why.said)
    if found is None:
        return Chosen(_anybody(kept.get("id")), Among(), _none(among))
    return Chosen(found, among)


def _among(kept: dict[str, object]) -> Among:
    """Choosing one person by name ends the walk through a few."""
    form = request.form
    if form.get("step") == "chosen":
        return Among()
    if "lacks" in form or "of_segment" in form:
        return Among(form.get("lacks", "")[:200], number(form.get("of_segment")) or None)
    return Among(str(kept.get("lacks") or ""), kept.get("segment") or None)  # type: ignore[arg-type]


def _stepped(among: Among, now_at: int | None) -> Person | None:
    now, step = datetime.now(UTC), request.form.get("step", "")
    if step == "next" and now_at:
        return stand_ins.after(now_at, among, now)
    if step == "previous" and now_at:
        return stand_ins.before(now_at, among, now)
    if step == "among":
        return stand_ins.first(among, now)
    return stand_ins.person(now_at) or _anybody(None)


def _anybody(customer_id: object) -> Person:
    """Whoever came last, or somebody imagined while there is nobody."""
    known = stand_ins.person(customer_id) if isinstance(customer_id, int) else None
    return known or stand_ins.first(Among(), datetime.now(UTC)) or NOBODY


def _none(among: Among) -> str:
    if among.lacks:
        return f"Everybody has {said(among.lacks)}" + (" in this segment." if among.segment_id else ".")
    return "Nobody is in this segment." if among.segment_id else "There are no customers yet."


def said(path: str) -> str:
    """customer.attributes.course: course"""
    return path.rpartition(".")[2].replace("_", " ")
