"""The texts and blocks of the library: checked, and shown in a mail that holds nothing else."""

from __future__ import annotations

from dataclasses import replace

from app.content import composing, mjml
from app.content.composing import Look
from app.content.mjml import Problem
from app.settings import brand

ALONE = 1  # the number of the only block there is
BEGINNING = "</mj-section>\n"  # the line of colour above every mail


def problems(kind: str, body: str) -> list[Problem]:
    """With the lines of the body; what only bothers is left to the mails that use it."""
    if kind not in ("text", "mjml") or not body.strip():
        return []
    before = _lines_before(body) if kind == "mjml" else 0
    lines = body.count("\n") + 1
    found = [one for one in mjml.check(source(kind, body)) if one.is_error]
    return [replace(one, line=min(max(one.line - before, 1), lines)) for one in found]


def html(kind: str, body: str) -> str:
    """Raises mjml.Broken."""
    return mjml.compile(source(kind, body)).html


def source(kind: str, body: str) -> str:
    """The whole mail around it."""
    block = {"kind": "text", "text": body, "align": "left"} if kind == "text" else {"kind": "saved", "media": ALONE}
    return composing.mjml([block], Look.of(brand.current()), {ALONE: body})


def _lines_before(body: str) -> int:
    whole = source("mjml", body)
    first = next(line for line in body.splitlines() if line.strip()).strip()
    start = whole.index(BEGINNING) + len(BEGINNING)
    at = whole.find(first, start)
    return whole.count("\n", 0, at) - body[: body.find(first)].count("\n") if at >= 0 else 0
