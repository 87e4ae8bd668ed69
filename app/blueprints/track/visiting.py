"""Who is calling: a token that the shop has signed, in the header or in the body; a session, in the body or a cookie.

Nothing else says who somebody is: an id that merely stands in a body is anybody's word. Whoever has neither gets a
session here, in a cookie and in the answer.
"""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt
import msgspec
from flask import Response, current_app, g, request
from jwt.types import Options

from app.blueprints.api.refusals import Refusal
from app.catalogue.visitor import Visitor

COOKIE = "campus_session"
LONGEST = 200  # of a session's name
LONGEST_LEAD = 500
LONGEST_TOKEN = 4_000
MOST_TOKENS = 5_000  # 20 MB at the most
KEPT = 30 * 24 * 3600  # seconds: as long as what a session did may still become somebody's
SLACK = 60  # seconds that the shop's clock may differ from ours
OPTIONS: Options = {"require": ["sub"], "verify_sub": False, "verify_aud": False, "verify_iat": False}
SAID = "The token is not valid: it is forged, expired or of another shop."


class Said(msgspec.Struct, kw_only=True):
    """What every call may carry beside its own; what a page adds of its own is let pass."""

    token: str | None = None
    session_id: str | None = None


def visitor(said: Said) -> Visitor:
    """Who says nothing of themselves gets a session of their own. Raises Refusal: 401 for a token that is not good."""
    token, session_id = _token(said), _session(said)
    lead = lead_of(token) if token else None
    if lead is None and session_id is None:
        session_id = g.track_session = secrets.token_hex(16)
    return Visitor(lead, session_id)


def success(**told: Any) -> Response:
    """What a door answers that took what it was told; with the session that somebody got by it."""
    new = {"session_id": g.track_session} if "track_session" in g else {}
    return Response(msgspec.json.encode({"success": True, **told, **new}), mimetype="application/json")


def keep(response: Response) -> None:
    """A session that we made stays with the browser, where that is on our own site."""
    if "track_session" in g:
        is_secure = current_app.extensions["config"].is_secure
        response.set_cookie(COOKIE, g.track_session, max_age=KEPT, samesite="Lax", secure=is_secure)


def lead_of(token: str) -> str:
    """Of a token that is good: whom the shop means by it."""
    found = _read(token, current_app.extensions["config"].track_jwt_secrets) if len(token) <= LONGEST_TOKEN else None
    if found is None or found.until < time.time():
        raise Refusal(401, "unauthorized", SAID)
    return found.lead


@dataclass(frozen=True, slots=True)
class _Good:
    lead: str
    until: float


@lru_cache(MOST_TOKENS)
def _read(token: str, secrets_of_shop: tuple[str, ...]) -> _Good | None:
    """Somebody looks at many products with one token: it is read once. None: forged, of another shop, or nobody."""
    for secret in secrets_of_shop:
        try:
            return _good(jwt.decode(token, secret, algorithms=["HS256"], leeway=SLACK, options=OPTIONS))
        except jwt.InvalidSignatureError:
            continue
        except jwt.ImmatureSignatureError:
            raise Refusal(401, "unauthorized", SAID) from None  # not remembered: it will be good
        except (jwt.PyJWTError, ValueError, TypeError, ArithmeticError, RecursionError):
            return None
    return None


def _good(claims: Mapping[str, Any]) -> _Good | None:
    """Shops number their people, or name them."""
    said, until = claims["sub"], float(claims.get("exp", math.inf)) + SLACK
    lead = str(said) if isinstance(said, str | int | float) and not isinstance(said, bool) else ""
    is_somebody = lead.strip() and len(lead) <= LONGEST_LEAD and "\0" not in lead
    return _Good(lead, until) if is_somebody else None


def _token(said: Said) -> str | None:
    sent = request.authorization
    if sent is not None and sent.type == "bearer" and sent.token:
        return sent.token
    if "Authorization" in request.headers:
        raise Refusal(401, "unauthorized", "Send a token: Authorization: Bearer …")
    return said.token or None


def _session(said: Said) -> str | None:
    if said.session_id:
        if not _can_be_kept(said.session_id):
            raise Refusal(422, "bad_value", f"A session_id has at most {LONGEST} characters that can be seen.")
        return said.session_id
    found = request.cookies.get(COOKIE, "")
    return found if found and _can_be_kept(found) else None


def _can_be_kept(session_id: str) -> bool:
    return len(session_id) <= LONGEST and session_id.isprintable()
