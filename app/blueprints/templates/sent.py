"""What the form of a template sends, as a draft."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import request

from app.content import lacking, writing
from app.content.template import MessageTemplate
from app.content.writing import Draft
from app.problem import Problem

LINES = ("name", "subject", "preheader", "description")
POLICY, INSTEAD = "policy:", "instead:"
NO_JSON = Problem("blocks", "The blocks are no list in JSON that can be read.")


def draft(template: MessageTemplate) -> tuple[Draft, list[Problem]]:
    """What the form does not name stays as it is kept."""
    held, form = writing.of(template), request.form
    lines: dict[str, Any] = {name: form[name].strip() for name in LINES if name in form}
    changed = replace(held, **lines, policies=_policies(held.policies))
    if held.blocks is None:
        return replace(changed, message=form.get("message", held.message).replace("\r\n", "\n")), []
    blocks, problems = _blocks(held.blocks)
    return replace(changed, blocks=blocks), problems


def named(begun: Draft, name: str) -> Draft:
    return replace(
        begun, name=name.strip() or begun.name or f"Untitled {'message' if begun.type != 'email' else 'mail'}"
    )


def by_path(problems: Sequence[Problem]) -> dict[str, str]:
    """The first word on each."""
    return {one.path: one.message for one in reversed(problems)}


def _blocks(held: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[Problem]]:
    written = request.form.get("blocks")
    if written is None:
        return held, []
    try:
        said = json.loads(written or "[]")
    except (ValueError, RecursionError):
        said = None
    return (said, []) if isinstance(said, list) else (held, [NO_JSON])


def policed() -> list[str]:
    """policy:customer.first_name is skip, default or empty; what stands instead comes beside it."""
    return [name.removeprefix(POLICY) for name in request.form if name.startswith(POLICY)]


def _policies(held: Mapping[str, Any]) -> Mapping[str, Any]:
    form = request.form
    said = {path: lacking.policy(form[POLICY + path], form.get(INSTEAD + path, "").strip()) for path in policed()}
    kept = {path: one for path, one in held.items() if path not in said}
    return kept | {path: one for path, one in said.items() if one}
