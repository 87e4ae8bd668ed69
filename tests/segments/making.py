"""Segments to look at, and what a browser with the hand of a marketer sends."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from app.audit import Actor, Entry
from app.db import db
from app.segments import keeping, listed
from app.segments.definition import Definition
from app.segments.segment import Segment

NOW = datetime(2026, 11, 3, 10, tzinfo=UTC)
HTMX = {"HX-Request": "true"}
HERE = "/segments"
ADA = Actor("user", 1, "Ada")
MAYA_ONLY = {"all": [{"field": "first_name", "op": "equals", "value": "Maya"}]}


def page_of(answer) -> str:
    return answer.get_data(as_text=True)


def make_segment(name: str = "Warm applicants", kind: str = "manual", **more) -> Segment:
    segment = keeping.create(Definition(name, kind, **more), NOW, ADA)
    db.session.commit()
    return segment


def make_rules(name: str = "All Mayas", rules=None) -> Segment:
    return make_segment(name, "rules", rules=rules or MAYA_ONLY)


def put(segment: Segment, *people) -> None:
    listed.add(segment, [one.id for one in people], "Ada, by hand", ADA)
    db.session.commit()


def the_only() -> Segment:
    db.session.expire_all()
    return db.session.scalars(select(Segment)).one()


def verbs() -> list[str]:
    return list(db.session.scalars(select(Entry.verb).where(Entry.subject_type == "segment").order_by(Entry.id)))


def send(browser, kind: str, name: str = "Mine", **more):
    return browser.post(HERE, data={"type": kind, "name": name, **more})
