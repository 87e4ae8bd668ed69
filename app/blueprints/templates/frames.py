"""What a template looks like, small, in a frame of its own in which nothing can run."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from app.access import may
from app.blueprints.media.frames import framed
from app.blueprints.templates import found
from app.blueprints.templates.checks import SOMEBODY
from app.content import publishing, samples, writing
from app.wording import zone

door = Blueprint("template_frames", __name__, url_prefix="/templates")


@door.get("/<int:template_id>/frame")
@may("read")
def show(template_id: int) -> Response:
    draft = writing.of(found(template_id))
    try:
        shown = publishing.drawn(draft, SOMEBODY, samples.FACTS, zone())
    except publishing.Broken as broken:
        return framed(render_template("media/frame_bad.html", problems=broken.problems))
    return framed(shown.html)
