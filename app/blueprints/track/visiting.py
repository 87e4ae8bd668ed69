"""Who is calling: a token that the shop has signed, in the header or in the body; a session, in the body or a cookie.

Nothing else says who somebody is: an id that merely stands in a body is anybody's word.
"""

from __future__ import annotations

import jwt
import msgspec
from flask import current_app, request
from jwt.types import Options

from app.blueprints.api.refusals import Refusal
from app.catalogue.visitor import Visitor

COOKIE = "campus_session"
LONGEST = 200  # of a session's name
LONGEST_LEAD = 500
SLACK = 60  # seconds that the shop's clock may differ from ours
OPTIONS: Options = {"require": ["sub"], "verify_aud": False, "verify_iat": False}
SAID = "The token is not valid: it is forged, expired or of another shop."


class Said(msgspec.Struct, kw_only=True):
    """What every call may carry beside its own; what a page adds of its own is let pass."""

    token: str | None = None
    session_id: str | None = None


def visitor(said: Said) -> Visitor:
    """Raises Refusal: 401 for a token that is not good, 422 where nobody is named."""
    token, session_id = _token(said), _session(said)
    lead = lead_of(token) if token else None
    if lead is None and session_id is None:
        raise Refusal(422, "nobody", "Say who it is: a token in the header or the body, or a session_id.")
    return Visitor(lead, session_id)


def lead_of(token: str) -> str:
    """Of a token that is good: whom the shop means by it."""
    for secret in current_app.extensions["config"].track_jwt_secrets:
        try:
            claims = jwt.decode(token, secret, algorithms=["HS256"], leeway=SLACK, options=OPTIONS)
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, ValueError, RecursionError):
            break
        lead = str(claims["sub"])
        if lead.strip() and len(lead) <= LONGEST_LEAD and "\0" not in lead:
            return lead
        break
    raise Refusal(401, "unauthorized", SAID)


def _token(said: Said) -> str | None:
    sent = request.authorization
    if sent is not None and sent.type == "bearer" and sent.token:
        return sent.token
    if "Authorization" in request.headers:
        raise Refusal(401, "unauthorized", "Send a token: Authorization: Bearer …")
    return said.token or None


def _session(said: Said) -> str | None:
    found = said.session_id or request.cookies.get(COOKIE)
    if not found:
        return None
    if len(found) > LONGEST or not found.isprintable():
        raise Refusal(422, "bad_value", f"A session_id has at most {LONGEST} characters that can be seen.")
    return found
