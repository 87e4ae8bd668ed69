"""Templates are written, changed, copied and archived here. A draft may be broken; what is published may not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app import problem
from app.audit import Actor, record
from app.content import blocks, composing, media, usage
from app.content.composing import Look
from app.content.template import TYPES, MessageTemplate
from app.db import db
from app.problem import Problem, Refused
from app.settings import brand

LONGEST_NAME = 200
LONGEST = {"subject": 500, "preheader": 500, "message": 500_000, "description": 2_000}
LONGEST_INSTEAD = 500
MOST_POLICIES = 200
CONTROL = frozenset(map(chr, (*range(32), *range(127, 160))))


class Changed(Exception):
    """Somebody else has saved it meanwhile."""


@dataclass(frozen=True)
class Draft:
    """`blocks`: composed, and `message` follows from them; None: written as code."""

    name: str
    type: str = "email"
    subject: str = ""
    preheader: str = ""
    message: str = ""
    description: str = ""
    blocks: list[dict[str, Any]] | None = None
    policies: Mapping[str, Any] = field(default_factory=dict)

    def kept(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": self.type,
            "subject": self.subject,
            "preheader": self.preheader,
            "message": self.message,
            "description": self.description,
            "blocks": self.blocks,
            "policies": dict(self.policies),
        }


def of(template: MessageTemplate) -> Draft:
    return Draft(
        template.name,
        template.type,
        template.subject,
        template.preheader,
        template.message,
        template.description,
        template.blocks,
        template.policies,
    )


def problems(draft: Draft) -> list[Problem]:
    """What may not even be kept."""
    found = problem.of_text("name", draft.name, LONGEST_NAME, is_needed=True)
    for name, longest in LONGEST.items():
        found += problem.of_text(name, getattr(draft, name), longest)
    found += [Problem(one, "It may not hold a line break.") for one in ("subject", "preheader") if _breaks(draft, one)]
    if draft.type not in TYPES:
        found.append(Problem("type", f"It must be one of: {', '.join(TYPES)}."))
    return found + _of_policies(draft.policies) + _of_blocks(draft)


def create(draft: Draft, now: datetime, by: Actor) -> MessageTemplate:
    template = MessageTemplate(**composed(draft).kept(), changed_by=by.name, created_date=now, updated_date=now)
    db.session.add(template)
    db.session.flush()
    record(by, "created", "template", (str(template.id), template.name))
    return template


def change(template: MessageTemplate, draft: Draft, version: int, now: datetime, by: Actor) -> MessageTemplate:
    """Raises Changed where `version` is not the present one."""
    held = locked(template.id)
    if held.version != version:
        raise Changed
    before, after = of(held).kept(), composed(draft).kept()
    if before == after:
        return held
    for name, value in after.items():
        setattr(held, name, value)
    held.version, held.updated_date, held.changed_by = held.version + 1, now, by.name
    record(by, "changed", "template", (str(held.id), held.name), *_told(before, after))
    return held


def as_code(template: MessageTemplate, now: datetime, by: Actor) -> None:
    """For good: from here on nobody but people write its MJML."""
    if template.blocks is not None:
        template.blocks, template.updated_date, template.changed_by = None, now, by.name
        template.version += 1
        record(by, "took over as code", "template", (str(template.id), template.name))


def duplicate(template: MessageTemplate, now: datetime, by: Actor) -> MessageTemplate:
    return create(replace(of(template), name=f"{template.name[: LONGEST_NAME - 7]} (copy)"), now, by)


def archive(template: MessageTemplate, now: datetime, by: Actor) -> None:
    if template.archived_at is None:
        template.archived_at = now
        record(by, "archived", "template", (str(template.id), template.name))


def restore(template: MessageTemplate, by: Actor) -> None:
    if template.archived_at is not None:
        template.archived_at = None
        record(by, "restored", "template", (str(template.id), template.name))


def delete(template: MessageTemplate, by: Actor) -> None:
    """Raises usage.Used."""
    held = locked(template.id)
    if users := usage.of(held.id):
        raise usage.Used(users)
    record(by, "deleted", "template", (str(held.id), held.name), of(held).kept(), None)
    db.session.delete(held)
    db.session.flush()


def find(template_id: int) -> MessageTemplate | None:
    return db.session.get(MessageTemplate, template_id) if template_id < 2**63 else None


def locked(template_id: int) -> MessageTemplate:
    wanted = select(MessageTemplate).where(MessageTemplate.id == template_id).with_for_update()
    return db.session.scalars(wanted.execution_options(populate_existing=True)).one()


def composed(draft: Draft) -> Draft:
    if draft.blocks is None or draft.type != "email":
        return replace(draft, blocks=None)
    kept = blocks.read(draft.blocks)
    return replace(
        draft, blocks=kept, message=composing.mjml(kept, Look.of(brand.current()), media.bodies(blocks.media_of(kept)))
    )


def _of_policies(policies: Mapping[str, Any]) -> list[Problem]:
    if len(policies) > MOST_POLICIES:
        return [Problem("policies", f"A mail may say of {MOST_POLICIES} fields at most what stands instead.")]
    return [
        Problem("policies", f"What stands instead may hold {LONGEST_INSTEAD} characters at most.")
        for path, said in policies.items()
        if max(len(path), len(said.get("default", ""))) > LONGEST_INSTEAD
    ]


def _of_blocks(draft: Draft) -> list[Problem]:
    try:
        blocks.read(draft.blocks or [])
    except Refused as refused:
        return refused.problems
    return []


def _breaks(draft: Draft, name: str) -> bool:
    """A line break in a header would begin another header."""
    return not CONTROL.isdisjoint(getattr(draft, name))


def _told(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What differs alone: a whole mail before and after would fill the trail."""
    names = [name for name in after if before[name] != after[name]]
    return {name: _short(before[name]) for name in names}, {name: _short(after[name]) for name in names}


def _short(value: Any) -> Any:
    if isinstance(value, list):
        return "…"
    return f"{value[:200]}…" if isinstance(value, str) and len(value) > 200 else value
