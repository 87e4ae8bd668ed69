"""Pieces of the document that every noun describes itself with."""

from __future__ import annotations

from typing import Any

from app.blueprints.api.lists import MOST, ROWS
from app.blueprints.api.words import REFUSALS
from app.receipts import idempotency

REFERENCE = "#/components/schemas/{name}"
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
ONCE = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": idempotency.LONGEST},
}


def query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


PAGE = [
    query("limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": ROWS}),
    query("cursor", {"type": "string", "pattern": r"^[A-Za-z0-9_-]+$"}),
]


def refer(name: str) -> dict[str, Any]:
    return {"$ref": REFERENCE.format(name=name)}


def refusals(*statuses: int) -> dict[str, Any]:
    return {str(status): answer(REFUSALS[status], refer("Refused")) for status in statuses}


def answer(said: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": said, "content": {"application/json": {"schema": schema}}}
