"""What the search over everything looks through. A new noun adds one line to SOURCES."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import url_for
from sqlalchemy import func, or_, select

from app.accounts.user import User
from app.blueprints.settings import SECTIONS
from app.customers import directory
from app.customers.customer import Customer
from app.db import db
from app.imports.upload import Import
from app.listing import folded, patterns, words

MOST = 6


@dataclass(frozen=True)
class Hit:
    label: str
    said: str
    url: str


def everything(q: str, person: User) -> list[tuple[str, list[Hit]]]:
    found = [(title, find(q)) for title, right, find in SOURCES if person.may(right)]
    return [(title, hits) for title, hits in found if hits]


def _customers(q: str) -> list[Hit]:
    if not patterns(q):
        return []
    found = db.session.scalars(directory.everyone().where(words(Customer.search_text)(q)).limit(MOST))
    return [Hit(c.name, c.email or c.lms_lead_id or "", url_for("customers.show", customer_id=c.id)) for c in found]


def _imports(q: str) -> list[Hit]:
    like = f"%{folded(q)}%"
    newest = select(Import).where(func.fold(Import.filename).like(like)).order_by(Import.id.desc())
    found = db.session.scalars(newest.limit(MOST))
    return [
        Hit(i.filename, f"{i.kind}, {i.state}".replace("_", " "), url_for("imports.show", import_id=i.id))
        for i in found
    ]


def _people(q: str) -> list[Hit]:
    like = f"%{folded(q)}%"
    found = db.session.scalars(
        select(User).where(or_(func.fold(User.name).like(like), func.lower(User.email).like(like))).limit(MOST)
    )
    return [Hit(user.name, user.role, url_for("settings_users.index", q=user.email)) for user in found]


def _settings(q: str) -> list[Hit]:
    found = [section for section in SECTIONS if folded(q) in folded(f"{section.label} {section.said}")]
    return [Hit(section.label, "Settings", url_for(section.endpoint)) for section in found[:MOST]]


SOURCES: tuple[tuple[str, str, Callable[[str], list[Hit]]], ...] = (
    ("Customers", "read", _customers),
    ("Imports", "read", _imports),
    ("Team", "administer", _people),
    ("Settings", "administer", _settings),
)
