"""The list of automations: searched by name, filtered by what they are, sorted by name, change or next time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.automations.automation import Automation
from app.automations.behaviours import settings
from app.content.template import MessageTemplate
from app.db import db
from app.deliveries.run import Run
from app.listing import Ask, Field, Listing, folded
from app.segments.segment import Segment

ACTIVE = (("yes", "active"), ("no", "not active"))
TRIGGERS = (
    ("cron", "on a schedule"),
    ("once", "once"),
    ("event", "when something happens"),
    ("enters_segment", "when somebody joins its segment"),
    ("after", "after another automation"),
    ("abandoned_cart", "when a cart is left alone"),
    ("browse", "when somebody looks again and again"),
    ("price_drop", "when a watched product costs less"),
    ("back_in_stock", "when a product is back"),
    ("launch", "when a product is launched"),
)
ARCHIVED = (("no", "in use"), ("yes", "archived"))
SHOWN = 10  # runs of one automation
MOST = 2_000  # in a menu


@dataclass(frozen=True)
class Beside:
    """What a row of the list says of others."""

    segment: str = ""
    template: str = ""
    last: Run | None = None


def listing() -> Listing:
    is_ = {"is": "is"}
    fields = (
        Field("active", "Active", "choice", is_, lambda _op, value: Automation.is_active.is_(value == "yes"), ACTIVE),
        Field("trigger", "When", "choice", is_, lambda _op, value: _starts_by(value), TRIGGERS),
        Field("archived", "Archived", "choice", is_, lambda _op, value: _archived(value), ARCHIVED),
    )
    sorts = {
        "name": (Automation.sort_name, Automation.id),
        "changed": (Automation.updated_date, Automation.id),
        "next": (Automation.sort_next, Automation.id),
    }
    return Listing(sorts, "-changed", _search, {field.name: field for field in fields})


def rows(ask: Ask) -> Select[Automation]:
    """Archived ones only where somebody asks for them."""
    every = select(Automation).where(~Automation.is_passing)
    is_asked = any(one.field == "archived" for one in ask.filters)
    return every if is_asked else every.where(Automation.archived_at.is_(None))


def beside(shown: Sequence[Automation]) -> dict[int, Beside]:
    ids = [one.id for one in shown]
    segments = _names(Segment, {one.segment_id for one in shown})
    templates = _names(MessageTemplate, {one.template_id for one in shown})
    latest = select(Run).where(Run.automation_id.in_(ids)).ext(distinct_on(Run.automation_id))
    last = {run.automation_id: run for run in db.session.scalars(latest.order_by(Run.automation_id, Run.id.desc()))}
    return {
        one.id: Beside(segments.get(one.segment_id, ""), templates.get(one.template_id, ""), last.get(one.id))
        for one in shown
    }


def choices() -> list[tuple[int, str, bool]]:
    """For a menu: key, name, and whether it acts."""
    there = Automation.archived_at.is_(None), ~Automation.is_passing
    named = select(Automation.id, Automation.name, Automation.is_active).where(*there)
    return [(row[0], row[1], row[2]) for row in db.session.execute(named.order_by(Automation.sort_name, Automation.id))]


def names() -> list[tuple[int, str]]:
    """For a menu of whoever asks about mails that went out: those in the archive, too."""
    named = (
        select(Automation.id, Automation.name)
        .where(~Automation.is_passing)
        .order_by(Automation.sort_name, Automation.id)
    )
    return [(row.id, row.name) for row in db.session.execute(named.limit(MOST))]


def runs_of(automation: Automation) -> list[Run]:
    """The latest first."""
    mine = select(Run).where(Run.automation_id == automation.id)
    return list(db.session.scalars(mine.order_by(Run.id.desc()).limit(SHOWN)))


def after(automation_id: int, most: int) -> list[Automation]:
    """Archived ones too, in order of their ids; not what was made for a launch."""
    rest = select(Automation).where(~Automation.is_passing, Automation.id > automation_id)
    return list(db.session.scalars(rest.order_by(Automation.id).limit(most)))


def _names(model: type[Segment] | type[MessageTemplate], ids: set[int | None]) -> dict[int | None, str]:
    return {
        row.id: row.name for row in db.session.execute(select(model.id, model.name).where(model.id.in_(ids - {None})))
    }


def _starts_by(kind: str) -> ColumnElement[bool]:
    if kind in settings.KINDS:
        return Automation.trigger.contains({"behaviour": kind})
    return func.jsonb_exists(Automation.trigger, kind)


def _archived(value: str) -> ColumnElement[bool]:
    return Automation.archived_at.is_not(None) if value == "yes" else Automation.archived_at.is_(None)


def _search(q: str) -> ColumnElement[bool]:
    return func.fold(Automation.name + " " + Automation.description).contains(folded(q), autoescape=True)
