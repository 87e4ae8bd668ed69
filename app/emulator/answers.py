"""What goes back over the wire, and the errors that Resend knows by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

ERRORS = {
    "invalid_idempotency_key": (400, "The key must be between 1 and 256 characters."),
    "missing_api_key": (401, "Missing API key in the authorization header."),
    "restricted_api_key": (401, "This API key is restricted to only send emails."),
    "invalid_api_key": (403, "API key is invalid."),
    "not_found": (404, "The requested endpoint does not exist."),
    "method_not_allowed": (405, "This endpoint does not support the specified HTTP method."),
    "invalid_idempotent_request": (409, "This idempotency key has been used with a different payload."),
    "concurrent_idempotent_requests": (409, "Another request with the same idempotency key is still running."),
    "validation_error": (422, "The request could not be validated."),
    "missing_required_field": (422, "The request body is missing one or more required fields."),
    "invalid_from_address": (422, "The `from` field is invalid."),
    "invalid_parameter": (422, "The parameter must be a valid value."),
    "rate_limit_exceeded": (429, "Too many requests. Please limit the number of requests per second."),
    "daily_quota_exceeded": (429, "You have reached your daily email sending quota."),
    "monthly_quota_exceeded": (429, "You have reached your monthly email sending quota."),
    "security_error": (451, "A security issue was found with this request."),
    "application_error": (500, "An unexpected error occurred."),
    "internal_server_error": (500, "An unexpected error occurred."),
}
PAGE = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad gateway</h1></body></html>"
WIRES = ("whole", "cut", "truncated", "silent", "reset")


@dataclass(frozen=True)
class Answer:
    """`wire`: how it goes. cut: not at all; truncated: half of it; silent: not for `seconds`, then not at all."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    wire: str = "whole"
    seconds: float = 0
    accepted: int = 0


def said(value: Any, status: int = 200) -> Answer:
    return Answer(status, msgspec.json.encode(value))


def error(name: str, message: str = "", status: int = 0, headers: Mapping[str, str] | None = None) -> Answer:
    known, words = ERRORS[name]
    body = {"statusCode": status or known, "message": message or words, "name": name}
    return Answer(status or known, msgspec.json.encode(body), headers or {})
