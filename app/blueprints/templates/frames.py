"""What a template looks like, small, in a frame of its own in which nothing can run."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from app.access import may
from app.blueprints.media.frames import framed
from app.blueprints.templates import found
from app.blueprints.templates.checks import SOMEBODY
from app.content import publishing, samples, versions, writing
from app.wording import zone

door = Blueprint("template_frames", __name__, url_prefix="/templates")
HERE = ""  # in our own pages pictures come from wherever these are


@door.get("/<int:template_id>/frame")
@may("read")
def show(template_id: int) -> Response:
    """As it is live, which is compiled already; one that never was, as it is written."""
    template = found(template_id)
    version = versions.published(template)
    try:
        if version is not None:
            shown = publishing.shown(versions.frozen(version, HERE), SOMEBODY, samples.FACTS, zone())
        else:
            shown = publishing.drawn(writing.of(template), SOMEBODY, samples.FACTS, zone())
    except publishing.Broken as broken:
        return framed(render_template("media/frame_bad.html", problems=broken.problems))
    return framed(shown.html)
