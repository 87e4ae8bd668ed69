"""What the API says when it refuses a call: a code, a sentence, and the number to quote; never a trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Response, g, jsonify, request

PATHS = ("/api/", "/v1/", "/webhooks/")
PAGES = ("/api/docs",)
MAIL = ("/track/open/", "/track/click/")  # links of mails, which people follow
CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    500: "internal_error",
    503: "unavailable",
}


class Refusal(Exception):
    """`used_by` names whom a deletion would leave without something."""

    def __init__(
        self, status: int, code: str, message: str, details: Sequence[object] = (), used_by: Sequence[object] = ()
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.details, self.used_by = status, code, details, used_by
        self.headers: Mapping[str, str] = {}


def speaks_json() -> bool:
    if request.path.startswith("/track/"):
        return not request.path.startswith(MAIL)
    return request.path.startswith(PATHS) and not request.path.startswith(PAGES)


def answer(
    status: int,
    message: str,
    code: str | None = None,
    details: Sequence[object] = (),
    headers: Mapping[str, str] | None = None,
    used_by: Sequence[object] = (),
) -> Response:
    said = {
        "code": code or CODES.get(status, "refused"),
        "message": message,
        "details": list(details),
        "request_id": g.get("request_id", ""),
    }
    response = jsonify(error=said, **({"used_by": list(used_by)} if used_by else {}))
    response.status_code = status
    response.headers.update(headers or {})
    return response
