"""What a page of the shop sends: one JSON object, also as text/plain, which sendBeacon may send without asking."""

from __future__ import annotations

import contextlib
from typing import Annotated, TypeVar

import msgspec
from flask import request
from msgspec import Meta

from app.blueprints.api import reading
from app.blueprints.api.refusals import Refusal

LARGEST = 64 * 1024
TYPES = ("application/json", "text/plain")

Shape = TypeVar("Shape", bound=msgspec.Struct)
# Shops number their products, or name them.
Id = Annotated[str, Meta(min_length=1, max_length=500)] | Annotated[int, Meta(ge=0, le=2**63 - 1)]
Minor = Annotated[int, Meta(ge=0, le=2**53)]


def said(shape: type[Shape]) -> Shape:
    """Raises Refusal with what is wrong and where."""
    body = _body()
    if reading.NUL not in body:
        with contextlib.suppress(ValueError, RecursionError):
            return msgspec.json.decode(body, type=shape)
    whole = reading.one(body)
    found, rejects = reading.shaped([msgspec.Raw(whole)], shape)
    if rejects:
        reject = rejects[0]
        detail = {"field": reject.field, "message": reject.message}
        raise Refusal(422, reject.code, f"{reject.field or 'The body'}: {reject.message}", [detail])
    return found[0][1]


def _body() -> bytes:
    if request.mimetype not in TYPES:
        raise Refusal(415, "unsupported_media_type", "Send JSON: Content-Type: application/json or text/plain.")
    if (request.content_length or 0) > LARGEST:
        raise Refusal(413, "too_large", "A body has at most 64 KB.")
    body = reading.sent()
    if len(body) > LARGEST:
        raise Refusal(413, "too_large", "A body has at most 64 KB.")
    return body
