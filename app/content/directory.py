"""The list of templates: searched by name, subject and description, filtered by what they are, sorted."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, func, select

from app.content.template import MessageTemplate, TemplateVersion
from app.db import db
from app.listing import Ask, Field, Listing, folded

SAID = {"email": "E-mail", "whatsapp": "WhatsApp"}
MADE = (("blocks", "composed"), ("code", "code"))
STATES = (("live", "published"), ("draft", "never published"))
ARCHIVED = (("no", "in use"), ("yes", "archived"))


def listing() -> Listing:
    is_ = {"is": "is"}
    fields = (
        Field("type", "Type", "choice", is_, lambda _op, value: MessageTemplate.type == value, tuple(SAID.items())),
        Field("made", "Made as", "choice", is_, lambda _op, value: _made(value), MADE),
        Field("state", "State", "choice", is_, lambda _op, value: _state(value), STATES),
        Field("archived", "Archived", "choice", is_, lambda _op, value: _archived(value), ARCHIVED),
    )
    sorts = {
        "name": (MessageTemplate.sort_name, MessageTemplate.id),
        "changed": (MessageTemplate.updated_date, MessageTemplate.id),
    }
    return Listing(sorts, "-changed", _search, {field.name: field for field in fields})


def rows(ask: Ask) -> Select[MessageTemplate]:
    """Archived ones only where somebody asks for them."""
    every = select(MessageTemplate)
    is_asked = any(one.field == "archived" for one in ask.filters)
    return every if is_asked else every.where(MessageTemplate.archived_at.is_(None))


def after(template_id: int, most: int) -> list[MessageTemplate]:
    """Archived ones too, in order of their ids."""
    rest = select(MessageTemplate).where(MessageTemplate.id > template_id)
    return list(db.session.scalars(rest.order_by(MessageTemplate.id).limit(most)))


def choices() -> list[tuple[int, str, int | None]]:
    """Mails for menus, by name, with the version that goes out."""
    there = select(MessageTemplate.id, MessageTemplate.name, MessageTemplate.published).where(
        MessageTemplate.archived_at.is_(None), MessageTemplate.type == "email"
    )
    rows = db.session.execute(there.order_by(MessageTemplate.sort_name).limit(2_000))
    return [(row.id, row.name, row.published) for row in rows]


def names() -> list[tuple[int, str]]:
    """For a menu of whoever asks about mails that went out: those in the archive, too."""
    named = select(MessageTemplate.id, MessageTemplate.name).order_by(MessageTemplate.sort_name, MessageTemplate.id)
    return [(row.id, row.name) for row in db.session.execute(named.limit(2_000))]


def starters() -> list[MessageTemplate]:
    """Those that the product came with and that nobody has put away, as they are now."""
    came = select(MessageTemplate).where(MessageTemplate.starter.is_not(None), MessageTemplate.archived_at.is_(None))
    return list(db.session.scalars(came.order_by(MessageTemplate.id)))


def versions_of(template: MessageTemplate) -> list[TemplateVersion]:
    """The latest first."""
    every = select(TemplateVersion).where(TemplateVersion.template_id == template.id)
    return list(db.session.scalars(every.order_by(TemplateVersion.number.desc()).limit(200)))


def version(template: MessageTemplate, number: int) -> TemplateVersion | None:
    named = select(TemplateVersion).where(
        TemplateVersion.template_id == template.id, TemplateVersion.number == min(number, 2**31 - 1)
    )
    return db.session.scalars(named).one_or_none()


def _made(value: str) -> ColumnElement[bool]:
    return MessageTemplate.blocks.is_not(None) if value == "blocks" else MessageTemplate.blocks.is_(None)


def _state(value: str) -> ColumnElement[bool]:
    column = MessageTemplate.published
    return column.is_not(None) if value == "live" else column.is_(None)


def _archived(value: str) -> ColumnElement[bool]:
    column = MessageTemplate.archived_at
    return column.is_not(None) if value == "yes" else column.is_(None)


def _search(q: str) -> ColumnElement[bool]:
    words = MessageTemplate.name + " " + MessageTemplate.subject + " " + MessageTemplate.description
    return func.fold(words).contains(folded(q), autoescape=True)
