"""The composer hands its mail over as code: for good, so one is asked first."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, url_for

from app import htmx
from app.access import actor, may
from app.blueprints.templates import found
from app.content import blocks, media, vocabulary, writing
from app.content.blocks import Kind
from app.db import db

door = Blueprint("template_composing", __name__, url_prefix="/templates")


@door.app_context_processor
def words() -> dict[str, Any]:
    """Callables, so that only the page with a composer pays for them."""
    return {"composer_words": _vocabulary, "composer_kinds": blocks.KINDS.values}


@door.get("/<int:template_id>/as-code")
@may("edit")
def ask(template_id: int) -> Response:
    return htmx.answer("templates/as_code.html", template=found(template_id))


@door.post("/<int:template_id>/as-code")
@may("edit")
def hand_over(template_id: int) -> Response:
    template = found(template_id)
    writing.as_code(template, datetime.now(UTC), actor())
    db.session.commit()
    return htmx.go(url_for("templates.show", template_id=template_id), "From here on you write its MJML.")


def _vocabulary() -> dict[str, Any]:
    fields = [one["path"] for one in vocabulary.fields() if one["type"] not in ("in a loop", "list", "group")]
    return {
        "kinds": [_kind(kind) for kind in blocks.KINDS.values()],
        "inside": blocks.INSIDE_COLUMNS,
        "networks": blocks.NETWORKS,
        "mostNetworks": blocks.MOST_NETWORKS,
        "onlyIf": asdict(blocks.ONLY_IF),
        "fields": fields,
        "saved": media.saved("mjml"),
    }


def _kind(kind: Kind) -> dict[str, Any]:
    return asdict(kind) | {"fresh": kind.fresh()}
