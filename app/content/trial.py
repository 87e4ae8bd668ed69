"""Judges, compiles and draws a mail apart from us before it may go out: what goes in and out is plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.content import apart, mjml, rendering
from app.content.language import Problem, Refused, Skip
from app.content.rendering import Frozen

SECONDS = 10.0


def problems(frozen: Frozen, people: Sequence[Mapping[str, Any]] = ()) -> dict[str, list[Problem]]:
    """By part: subject, preheader, html, text; “mail” for what only shows when it is drawn. Raises apart.Stopped."""
    parts = (frozen.subject, frozen.preheader, frozen.html, frozen.text, _plain(frozen))
    said = apart.call("app.content.trial:judged", *parts, list(people), seconds=SECONDS)
    return {part: [Problem(line, message) for line, message in some] for part, some in said.items()}


def compiled(source: str) -> mjml.Compiled:
    """Raises mjml.Broken, or apart.Stopped."""
    said = apart.call("app.content.trial:laid_out", source, seconds=SECONDS)
    if "problems" in said:
        raise mjml.Broken([mjml.Problem(*one) for one in said["problems"]])
    return mjml.Compiled(said["html"], said["text"])


def laid_out(source: str) -> dict[str, Any]:
    """In the child."""
    try:
        made = mjml.compile(source)
    except mjml.Broken as broken:
        return {"problems": [(one.line, one.column, one.message, one.is_error) for one in broken.problems]}
    return {"html": made.html, "text": made.text}


def judged(
    subject: str, preheader: str, html: str, text: str, policies: dict[str, Any], people: list[Any]
) -> dict[str, list[tuple[int, str]]]:
    """In the child."""
    frozen = Frozen(subject, preheader, html, text, policies)
    found = rendering.problems(frozen) or _drawn(frozen, [{}, *people])
    return {part: [(one.line, one.message) for one in some] for part, some in found.items()}


def _drawn(frozen: Frozen, people: Sequence[Mapping[str, Any]]) -> dict[str, list[Problem]]:
    """For nobody in particular too: whoever is known least must get a mail as well, or be skipped."""
    for known in people:
        try:
            rendering.render(frozen, known)
        except Skip:
            continue
        except Refused as refused:
            return {"mail": refused.problems}
    return {}


def _plain(frozen: Frozen) -> dict[str, dict[str, Any]]:
    return {name: dict(policy) for name, policy in frozen.policies.items()}
