"""What the search over everything looks through. A new noun adds one line to SOURCES."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import url_for
from sqlalchemy import func, or_, select

from app.accounts.user import User
from app.automations.automation import Automation
from app.blueprints.settings import SECTIONS
from app.catalogue import directory as products
from app.catalogue.product import Product
from app.content import directory as templates
from app.content import media
from app.content.medium import Medium
from app.content.template import MessageTemplate
from app.customers import directory
from app.customers.customer import Customer
from app.db import db
from app.deliveries.run import Run
from app.imports.upload import Import
from app.listing import folded, patterns, words
from app.segments import directory as segments
from app.segments.segment import Segment

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


def _segments(q: str) -> list[Hit]:
    """Those in use before the archived ones."""
    like = f"%{folded(q)}%"
    named = select(Segment).where(~Segment.is_passing, func.fold(Segment.name).like(like))
    found = db.session.scalars(
        named.order_by(Segment.archived_at.is_not(None), Segment.updated_date.desc()).limit(MOST)
    )
    return [Hit(s.name, _segment_said(s), url_for("segments.show", segment_id=s.id)) for s in found]


def _segment_said(segment: Segment) -> str:
    return segments.SAID[segment.type] + (", archived" if segment.archived_at else "")


def _media(q: str) -> list[Hit]:
    like = f"%{folded(q)}%"
    named = select(Medium).where(func.fold(Medium.name + " " + Medium.alt).like(like)).order_by(Medium.id.desc())
    return [
        Hit(m.name, media.SAID[m.kind], url_for("media.show", medium_id=m.id))
        for m in db.session.scalars(named.limit(MOST))
    ]


def _templates(q: str) -> list[Hit]:
    """Those in use before the archived ones."""
    like = f"%{folded(q)}%"
    named = select(MessageTemplate).where(func.fold(MessageTemplate.name).like(like))
    found = db.session.scalars(
        named.order_by(MessageTemplate.archived_at.is_not(None), MessageTemplate.updated_date.desc()).limit(MOST)
    )
    return [Hit(t.name, templates.SAID[t.type], url_for("templates.show", template_id=t.id)) for t in found]


def _automations(q: str) -> list[Hit]:
    """Those in use before the archived ones."""
    like = f"%{folded(q)}%"
    named = select(Automation).where(~Automation.is_passing, func.fold(Automation.name).like(like))
    found = db.session.scalars(
        named.order_by(Automation.archived_at.is_not(None), Automation.updated_date.desc()).limit(MOST)
    )
    return [Hit(a.name, _automation_said(a), url_for("automations.show", automation_id=a.id)) for a in found]


def _automation_said(automation: Automation) -> str:
    return "archived" if automation.archived_at else "active" if automation.is_active else "not active"


def _imports(q: str) -> list[Hit]:
    like = f"%{folded(q)}%"
    newest = select(Import).where(func.fold(Import.filename).like(like)).order_by(Import.id.desc())
    found = db.session.scalars(newest.limit(MOST))
    return [
        Hit(i.filename, f"{i.kind}, {i.state}".replace("_", " "), url_for("imports.show", import_id=i.id))
        for i in found
    ]


def _runs(q: str) -> list[Hit]:
    named = select(Run).where(func.fold(Run.name).like(f"%{folded(q)}%")).order_by(Run.id.desc())
    found = db.session.scalars(named.limit(MOST))
    return [Hit(r.name, f"Run {r.id}, {r.state}", url_for("runs.show", run_id=r.id)) for r in found]


def _products(q: str) -> list[Hit]:
    if not patterns(q):
        return []
    found = db.session.scalars(products.everything().where(words(Product.search_text)(q)).limit(MOST))
    return [Hit(p.title, p.category or p.product_id, url_for("products.show", product_id=p.id)) for p in found]


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
    ("Segments", "read", _segments),
    ("Media", "read", _media),
    ("Templates", "read", _templates),
    ("Automations", "read", _automations),
    ("Runs", "read", _runs),
    ("Imports", "read", _imports),
    ("Products", "read", _products),
    ("Team", "administer", _people),
    ("Settings", "administer", _settings),
)
