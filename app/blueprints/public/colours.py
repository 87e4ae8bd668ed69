"""The brand's colours as a style sheet: the policy of our pages allows no style inside them."""

from __future__ import annotations

from flask import Blueprint, Response

from app.access import public
from app.settings import brand

door = Blueprint("colours", __name__)
A_WHILE = 300  # seconds


@door.get("/brand.css")
@public
def show() -> Response:
    held = brand.current()
    # They come from a form that takes six digits; checked again, since whatever stands here is obeyed by browsers.
    is_sound = brand.COLOUR.fullmatch(held.accent) and brand.COLOUR.fullmatch(held.accent_ink)
    rule = f".public {{ --accent: {held.accent}; --on-accent: {held.accent_ink}; --accent-hover: {held.accent}; }}\n"
    response = Response(rule if is_sound else "", mimetype="text/css")
    response.headers["Cache-Control"] = f"public, max-age={A_WHILE}"
    return response
