"""What was published: each version beside another or the draft, and its way back into the draft."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import zip_longest

from flask import Blueprint, Response, abort, request, url_for

from app import htmx
from app.access import actor, may
from app.blueprints.merges import number
from app.blueprints.settings.saving import version_sent
from app.blueprints.templates import beside, found
from app.content import differences, directory, writing
from app.content.differences import Line
from app.content.template import MessageTemplate, TemplateVersion
from app.db import db

door = Blueprint("template_versions", __name__, url_prefix="/templates")
PARTS = (("subject", "Subject"), ("preheader", "Preheader"), ("message", "Message"))
Row = tuple[Line | None, Line | None]


@dataclass(frozen=True)
class Difference:
    label: str
    rows: list[Row]


@door.get("/<int:template_id>/versions")
@may("read")
def index(template_id: int) -> Response:
    template = found(template_id)
    live = template.published or 0
    before = _side(template, request.args.get("from", str(live)))
    after = _side(template, request.args.get("to", "draft"))
    return htmx.answer(
        "templates/versions.html",
        before=before,
        after=after,
        differences=differences_of(before, after) if before and after else [],
        **beside(template),
    )


@door.post("/<int:template_id>/versions/<int:version_number>/restoration")
@may("edit")
def restore(template_id: int, version_number: int) -> Response:
    template = found(template_id)
    version = directory.version(template, version_number) or abort(404)
    now = writing.of(template)
    draft = replace(
        now,
        subject=version.subject,
        preheader=version.preheader,
        message=version.message,
        blocks=version.blocks,
        policies=version.policies,
    )
    there = url_for("templates.show", template_id=template_id)
    try:
        writing.change(template, draft, version_sent(), datetime.now(UTC), actor())
    except writing.Changed:
        db.session.rollback()
        said = "Somebody has saved the draft meanwhile; look at it before you replace it."
        return htmx.go(url_for("template_versions.index", template_id=template_id), said, "bad")
    db.session.commit()
    return htmx.go(there, f"The draft is as version {version_number} was. Nothing is published by that.")


def differences_of(
    before: MessageTemplate | TemplateVersion, after: MessageTemplate | TemplateVersion
) -> list[Difference]:
    compared = [(label, differences.of(getattr(before, name), getattr(after, name))) for name, label in PARTS]
    return [Difference(label, list(side_by_side(lines))) for label, lines in compared if lines]


def side_by_side(lines: Sequence[Line]) -> Iterator[Row]:
    """What went stands beside what came in its place."""
    gone: list[Line] = []
    new: list[Line] = []
    for line in lines:
        if line.kind == "gone":
            if new:
                yield from zip_longest(gone, new)
                gone, new = [], []
            gone.append(line)
        elif line.kind == "new":
            new.append(line)
        else:
            yield from zip_longest(gone, new)
            gone, new = [], []
            yield line, line
    yield from zip_longest(gone, new)


def _side(template: MessageTemplate, word: str) -> MessageTemplate | TemplateVersion | None:
    return template if word == "draft" else directory.version(template, number(word))
