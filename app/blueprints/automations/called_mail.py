"""One mail as one person would get it now, with what an automation knows of them: drawn, kept for some minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.blueprints.templates import chosen, previews
from app.content import language, publishing, versions, writing
from app.content.knowledge import Person
from app.content.publishing import Broken, Shown
from app.content.template import MessageTemplate
from app.ops import stand_ins
from app.wording import zone

HERE = ""  # in our own pages pictures come from wherever these are
GONE = "They would not get it any more: something has changed meanwhile."
NO_TEMPLATE = "Choose a template first: then the mail is shown as this person would get it."


@dataclass(frozen=True)
class Drawn:
    """`why`: there is nothing to show. `key`: where it is kept."""

    shown: Shown = field(default_factory=Shown)
    key: str = ""
    name: str = ""
    why: str = ""


def of(template_id: int | None, subject: str | None, customer_id: int, facts: Mapping[str, Any] | None) -> Drawn:
    """`facts`: none where nothing calls them any more."""
    template, person = writing.find(template_id) if template_id else None, stand_ins.person(customer_id)
    if facts is None or person is None:
        return Drawn(why=GONE)
    if template is None or template.type != "email":
        return Drawn(why=NO_TEMPLATE)
    name = " ".join(filter(None, (person.first_name, person.last_name))) or person.email or f"Customer {person.id}"
    try:
        shown = _shown(template, subject, person, facts)
    except (Broken, language.Refused) as broken:
        return Drawn(name=name, why=f"This mail cannot be drawn yet: {broken.problems[0].message}")
    if shown.skipped:
        return Drawn(name=name, why=f"{name} lacks {chosen.said(shown.skipped)} and gets no mail.")
    return Drawn(shown, previews.keep(shown.html), name)


def _shown(template: MessageTemplate, subject: str | None, person: Person, facts: Mapping[str, Any]) -> Shown:
    """As it is live; one that never was, as it is written."""
    version = versions.published(template)
    if version is None:
        draft = writing.of(template)
        draft = replace(draft, subject=subject) if subject else draft
        return publishing.drawn(writing.composed(draft), person, facts, zone())
    frozen = versions.frozen(version, HERE)
    frozen = replace(frozen, subject=subject) if subject else frozen
    return publishing.shown(frozen, person, facts, zone())
