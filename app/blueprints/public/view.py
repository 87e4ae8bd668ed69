"""/view: a mail for whoever cannot see it in their mail program."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template

from app.access import public
from app.blueprints.public import quiet, seen
from app.consent import links
from app.deliveries import viewing

door = Blueprint("view", __name__)
quiet.keep(door)

# Its own styles and pictures, no script; its links may open a window of their own, which is bound by none of this.
SEALED = "; ".join(
    (
        "default-src 'none'",
        "img-src 'self' http: https: data:",
        "style-src 'unsafe-inline'",
        "font-src https:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "sandbox allow-popups allow-popups-to-escape-sandbox",
    )
)


@door.get("/view")
@public
def show() -> Response:
    delivery_id = quiet.known(links.viewed(quiet.token()))
    page = viewing.page(delivery_id)
    if page is None:
        return make_response(render_template("public/faded.html"))
    answer = Response(page, headers={"Content-Security-Policy": SEALED})
    seen.note("view", delivery_id)
    return answer
