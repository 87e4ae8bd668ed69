"""What the doors of the demo shop share: it is open or there is none, who is signed in, and which mail led here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from flask import Blueprint, Response, abort, current_app, g, make_response, render_template, request

from app.blueprints.track.visiting import COOKIE as SESSION
from app.catalogue import cart_lines
from app.catalogue.visitor import Visitor
from app.customers import who
from app.customers.customer import Customer
from app.customers.who import Who
from app.db import db

LEAD, REF = "demo_shop_lead", "demo_shop_ref"
KEPT = timedelta(days=30)
TOKEN_LASTS = timedelta(days=1)
LONGEST = 500


def keep(door: Blueprint) -> None:
    door.before_request(_open)
    door.after_request(_remember)


def lead() -> str | None:
    """Of whoever is signed in."""
    said = request.cookies.get(LEAD, "")
    return said if 0 < len(said) <= LONGEST and "\0" not in said else None


def visitor() -> Visitor | None:
    """As this shop knows them; the session is the one that the script keeps."""
    session = request.cookies.get(SESSION, "")[:200].replace("\0", "")
    return Visitor(lead(), session or None) if lead() or session else None


def ref() -> str | None:
    """Of the mail whose link led here."""
    return request.cookies.get(REF, "").replace("\0", "")[:LONGEST] or None


def page(template: str, status: int = 200, **said: Any) -> Response:
    shown = render_template(f"demo_shop/{template}", person=_person(), token=_token(), in_cart=_in_cart(), **said)
    return make_response(shown, status)


def _open() -> None:
    if not current_app.extensions["config"].has_demo_shop:
        abort(404)


def _remember(response: Response) -> Response:
    """For the order that may follow."""
    said = request.args.get("ref", "")[:LONGEST]
    if said and said.isprintable() and current_app.extensions["config"].has_demo_shop:
        response.set_cookie(REF, said, max_age=KEPT, httponly=True, samesite="Lax")
    return response


def _person() -> Customer | None:
    found = lead()
    if not found:
        return None
    known = who.find_many([Who(lms_lead_id=found)])[0].id
    return db.session.get(Customer, known) if known else None


def _token() -> str | None:
    """What a real shop signs on its own server."""
    found, secrets = lead(), current_app.extensions["config"].track_jwt_secrets
    if not (found and secrets):
        return None
    return jwt.encode({"sub": found, "exp": datetime.now(UTC) + TOKEN_LASTS}, secrets[0], "HS256")


def _in_cart() -> int:
    if "demo_shop_count" not in g:
        cart = cart_lines.held(found) if (found := visitor()) else None
        g.demo_shop_count = sum(line["quantity"] for line in cart.items) if cart else 0
    return int(g.demo_shop_count)
