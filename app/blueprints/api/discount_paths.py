"""What the document says of discount codes."""

from __future__ import annotations

from typing import Any

from app.blueprints.api import discount_shapes
from app.blueprints.api.described import ID, ONCE, PAGE, answer, query, refer, refusals

TYPES = (
    discount_shapes.KnownPool,
    discount_shapes.PoolList,
    discount_shapes.NewCodes,
    discount_shapes.AddedCodes,
    discount_shapes.GivenCode,
    discount_shapes.GivenCodeList,
)
EXAMPLE = {"codes": ["AUTUMN-7K2M", "AUTUMN-Q9XD"]}


def paths() -> dict[str, Any]:
    return {
        "/discount-pools": {"get": _list()},
        "/discount-pools/{id}": {"get": _one()},
        "/discount-pools/{id}/codes": {"post": _add()},
        "/discount-codes": {"get": _given()},
    }


def _list() -> dict[str, Any]:
    return {
        "summary": "All pools of codes with how many are left, page by page.",
        "operationId": "list_discount_pools",
        "parameters": PAGE,
        "responses": {"200": answer("A page of pools.", refer("PoolList")), **refusals(401, 403, 422, 429)},
    }


def _one() -> dict[str, Any]:
    return {
        "summary": "One pool: how many codes are left, and how many were given away.",
        "operationId": "get_discount_pool",
        "parameters": [ID],
        "responses": {"200": answer("The pool.", refer("KnownPool")), **refusals(401, 403, 404, 429)},
    }


def _add() -> dict[str, Any]:
    body = {"schema": refer("NewCodes"), "example": EXAMPLE}
    wrong = {"anyOf": [refer("AddedCodes"), refer("Refused")]}
    return {
        "summary": "Add codes to an uploaded pool. Those that are there already change nothing; bad ones are named.",
        "operationId": "add_discount_codes",
        "parameters": [ID, ONCE],
        "requestBody": {"required": True, "content": {"application/json": body}},
        "responses": {
            "200": answer("What became of them.", refer("AddedCodes")),
            **refusals(400, 401, 403, 404, 409, 413, 415, 429),
            "422": answer("Every code was refused, or the body has another shape.", wrong),
        },
    }


def _given() -> dict[str, Any]:
    return {
        "summary": "Codes that were given away, with the mail and the customer, page by page. Takes the scope “write”.",
        "operationId": "list_discount_codes",
        "parameters": [query("pool_id", {"type": "integer", "minimum": 1}), *PAGE],
        "responses": {"200": answer("A page of codes.", refer("GivenCodeList")), **refusals(401, 403, 422, 429)},
    }
