"""What the team has written: each mail as it was begun, changed, published and put away. A file holds one story."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path, PurePath
from typing import Any

from sqlalchemy import select

from app.content import apart, publishing, writing
from app.content.template import MessageTemplate
from app.content.writing import Draft
from app.db import db
from app.demo import media, segments
from app.demo.plan import Plan

SHELF = Path(__file__).parent / "mails"
NAMES = (
    "open-day", "summer-sale", "interview", "the-day-before", "november-letter",
    "week", "news", "quiet", "welcome", "receipt",
)  # fmt: skip
OF_A_STEP = {"days", "by", "is_published", "mjml"}


def furnish(plan: Plan) -> None:
    """After the media."""
    with apart.here():
        for name in NAMES:
            story = json.loads((SHELF / f"{name}.json").read_text())
            if not db.session.scalar(select(MessageTemplate.id).where(MessageTemplate.name == story["name"]).limit(1)):
                _tell(story, plan)


def _tell(story: Mapping[str, Any], plan: Plan) -> None:
    draft, template = {name: story[name] for name in ("name", "description", "type", "policies")}, None
    for step in story["steps"]:
        draft |= {name: value for name, value in step.items() if name not in OF_A_STEP} | _code(step)
        template = _step(template, _draft(draft), step, plan)
    if template and "archived" in story:
        when = plan.now_at - timedelta(days=story["archived"]["days"])
        writing.archive(template, when, segments.actor(story["archived"]["by"]))
    db.session.flush()


def _step(template: MessageTemplate | None, draft: Draft, step: Mapping[str, Any], plan: Plan) -> MessageTemplate:
    at, by = plan.now_at - timedelta(days=step["days"]), segments.actor(step["by"])
    held = writing.change(template, draft, template.version, at, by) if template else writing.create(draft, at, by)
    if step.get("is_published"):
        publishing.publish(held, at, by)
    return held


def _code(step: Mapping[str, Any]) -> dict[str, str]:
    return {"message": (SHELF / step["mjml"]).read_text()} if "mjml" in step else {}


def _draft(said: Mapping[str, Any]) -> Draft:
    composed = [_found(block) for block in said["blocks"]] if "blocks" in said else None
    return Draft(**{**said, "blocks": composed})


def _found(block: Mapping[str, Any]) -> dict[str, Any]:
    """Pictures are named by their files and blocks of the library by their names."""
    if block["kind"] == "image":
        return {**block, "src": _address(PurePath(block["src"]).name)}
    if block["kind"] == "saved":
        return {**block, "media": media.block(block["media"])}
    return dict(block)


@cache
def _address(file: str) -> str:
    return f"/media/files/{media.drawn(file).content_hash}"
