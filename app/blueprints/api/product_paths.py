"""What the document says of products that are asked for."""

from __future__ import annotations

from typing import Any

from app.blueprints.api import product_shapes
from app.blueprints.api.described import PAGE, answer, query, refer, refusals

TYPES = (product_shapes.KnownProduct, product_shapes.ProductList)
KEY = {"name": "product_id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def index() -> dict[str, Any]:
    return {
        "summary": "Products page by page; q searches product ids, names and categories.",
        "operationId": "list_products",
        "parameters": [query("q", {"type": "string", "pattern": r"\S", "maxLength": 200}), *PAGE],
        "responses": {
            "200": answer("A page of products.", refer("ProductList")),
            **refusals(401, 403, 422, 429),
        },
    }


def paths() -> dict[str, Any]:
    return {"/products/{product_id}": {"get": _one()}}


def _one() -> dict[str, Any]:
    return {
        "summary": "One product, by the shop's own id.",
        "operationId": "get_product",
        "parameters": [KEY],
        "responses": {
            "200": answer("The product.", refer("KnownProduct")),
            **refusals(401, 403, 404, 429),
        },
    }
