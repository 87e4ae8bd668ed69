"""The API as one document, made of the types that the doors read and answer with; and a page to read it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import msgspec
from flask import Blueprint, Response, current_app, jsonify, redirect, url_for
from flask.typing import ResponseReturnValue

from app import htmx
from app.access import public
from app.blueprints.api import (
    automation_paths,
    discount_paths,
    launch_paths,
    metric_paths,
    product_paths,
    run_paths,
    segment_paths,
    shapes,
    template_paths,
)
from app.blueprints.api.described import ID, ONCE, PAGE, REFERENCE, answer, query, refer, refusals
from app.blueprints.api.reading import MOST
from app.blueprints.api.words import CODES, CONSENT, FACTS, REFUSALS, Facts
from app.customers import attribute_values
from app.customers.attributes import FIELD_TYPES

door = Blueprint("api_documents", __name__)


PEOPLE = ("customer_id", "lms_lead_id", "external_id", "email")
NAMED_BY = {**dict.fromkeys(("Customer", "FunnelEvent", "Event"), PEOPLE), "Cart": (*PEOPLE, "session_id")}
SCALARS: list[dict[str, Any]] = [
    {"type": "string", "maxLength": attribute_values.LONGEST_TEXT},
    {"type": "number", "exclusiveMinimum": -attribute_values.LARGEST, "exclusiveMaximum": attribute_values.LARGEST},
    {"type": "boolean"},
]
VALUE: list[dict[str, Any]] = [
    *SCALARS,
    {"type": "array", "items": {"anyOf": SCALARS}, "maxItems": attribute_values.MOST_ELEMENTS},
    {"type": "null"},
]
DECLARED = {
    "type": "object",
    "description": "Binds the name to this type from now on.",
    "properties": {"type": {"enum": list(FIELD_TYPES)}, "value": {"anyOf": VALUE}},
    "required": ["type", "value"],
    "additionalProperties": False,
}
ATTRIBUTES = {
    "type": "object",
    "description": "Merged by name; null clears one.",
    "propertyNames": {
        "minLength": 1,
        "maxLength": attribute_values.LONGEST_NAME,
        "not": {"enum": sorted(attribute_values.RESERVED)},
    },
    "additionalProperties": {"anyOf": [*VALUE, DECLARED]},
}


TYPES = (
    *(one.shape for one in FACTS),
    shapes.Consent,
    shapes.Outcome,
    shapes.Refused,
    shapes.KnownCustomer,
    shapes.CustomerList,
    shapes.RecommendationList,
    shapes.CustomerConsent,
    shapes.ChangedConsent,
    shapes.Erased,
    *segment_paths.TYPES,
    *template_paths.TYPES,
    *run_paths.TYPES,
    *automation_paths.TYPES,
    *metric_paths.TYPES,
    *launch_paths.TYPES,
    *discount_paths.TYPES,
    *product_paths.TYPES,
)


@door.get("/api/v1/openapi.json")
@public
def show() -> Response:
    return jsonify(document())


@door.get("/openapi.json")
@public
def elsewhere() -> ResponseReturnValue:
    return redirect(url_for("api_documents.show"))


@door.get("/api/docs")
@public
def read() -> Response:
    host = current_app.extensions["config"].base_url
    return htmx.answer(
        "api/docs.html",
        facts=FACTS,
        fields=fields,
        line=shapes.Line,
        consent=json.dumps(CONSENT),
        segment=json.dumps(segment_paths.EXAMPLE),
        template=json.dumps(template_paths.EXAMPLE),
        automation=json.dumps(automation_paths.EXAMPLE),
        message=json.dumps(run_paths.EXAMPLE),
        launch=json.dumps(launch_paths.EXAMPLE),
        refusals=REFUSALS,
        codes=CODES,
        most=MOST,
        host=host,
    )


@door.get("/api/v1/docs")
@public
def read_elsewhere() -> ResponseReturnValue:
    return redirect(url_for("api_documents.read"))


@cache
def document() -> dict[str, Any]:
    schemas = msgspec.json.schema_components(TYPES, ref_template=REFERENCE)[1]
    for name, keys in NAMED_BY.items():
        schemas[name]["anyOf"] = [_names(key, schemas[name]["properties"][key]) for key in keys]
    schemas["Customer"]["properties"]["attributes"] = ATTRIBUTES
    schemas["Consent"]["properties"]["topics"]["additionalProperties"] = {"type": "boolean"}
    schemas["Reject"]["properties"]["code"] = {"enum": list(CODES)}
    paths: dict[str, Any] = {one.path: {"post": _post(one)} for one in FACTS}
    paths["/customers"]["get"] = _list()
    paths["/products"]["get"] = product_paths.index()
    paths["/customers/{id}"] = {"get": _one(), "delete": _erase()}
    paths["/customers/{id}/recommendations"] = {"get": _recommended()}
    paths["/customers/{id}/consent"] = {"get": _consent(), "put": _say()}
    paths |= segment_paths.paths() | template_paths.paths() | run_paths.paths() | automation_paths.paths()
    paths |= metric_paths.paths() | launch_paths.paths() | discount_paths.paths() | product_paths.paths()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Campus API",
            "version": "1",
            "description": "Facts go in as one object or a list under the plural; bad items are named, others stored.",
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    }


def fields(shape: type[msgspec.Struct]) -> list[dict[str, Any]]:
    """The keys of an item as the page lists them."""
    schema = msgspec.json.schema_components((shape,), ref_template=REFERENCE)[1][shape.__name__]
    needed = dict.fromkeys(schema.get("required", ()), "needed")
    if issubclass(shape, shapes.Item):
        needed |= dict.fromkeys(NAMED_BY.get(shape.__name__, PEOPLE), "one of these")
    return [
        {"name": name, "type": _said(one), "need": needed.get(name, "")} for name, one in schema["properties"].items()
    ]


def _said(schema: dict[str, Any]) -> str:
    """A type in words: text, number, list of lines."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2]).lower()
    if "anyOf" in schema:
        return " or ".join(_said(one) for one in schema["anyOf"])
    if schema.get("format") == "date-time":
        return "time with offset"
    if "pattern" in schema and "|" in schema["pattern"]:
        return " | ".join(f"“{word}”" for word in schema["pattern"].strip("^$()").split("|"))
    kind = str(schema.get("type", "any value"))
    if kind == "array":
        return f"list of {_said(schema.get('items', {}))}s"
    return {"string": "text", "integer": "whole number", "boolean": "true or false", "null": "null"}.get(kind, kind)


def _post(facts: Facts) -> dict[str, Any]:
    item = refer(facts.shape.__name__)
    many = {
        "type": "object",
        "properties": {facts.plural: {"type": "array", "items": item, "minItems": 1, "maxItems": MOST}},
        "required": [facts.plural],
        "additionalProperties": False,
    }
    outcome = refer("Outcome")
    return {
        "summary": facts.said,
        "operationId": f"post_{facts.plural}",
        "parameters": [ONCE],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"anyOf": [item, many]}, "example": facts.example}},
        },
        "responses": {
            "200": answer("What became of the items.", outcome),
            **refusals(400, 401, 403, 409, 413, 415, 429),
            "422": answer(
                "Every item was refused, or the body has another shape.",
                {"anyOf": [outcome, refer("Refused")]},
            ),
        },
    }


def _names(key: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Somebody is named, not by null."""
    kinds = [kind for kind in schema["anyOf"] if kind != {"type": "null"}] if "anyOf" in schema else [schema]
    return {"required": [key], "properties": {key: kinds[0]}}


def _list() -> dict[str, Any]:
    return {
        "summary": "Customers by lms_lead_id or e-mail (an address may fit several), or all of them, page by page.",
        "operationId": "list_customers",
        "parameters": [
            query("lms_lead_id", {"type": "string", "pattern": r"\S"}),
            query("email", {"type": "string", "pattern": r"\S"}),
            *PAGE,
        ],
        "responses": {
            "200": answer("A page of customers.", refer("CustomerList")),
            **refusals(401, 403, 422, 429),
        },
    }


def _one() -> dict[str, Any]:
    return {
        "summary": "One customer with all attributes; the id of a merged one leads to the survivor.",
        "operationId": "get_customer",
        "parameters": [ID],
        "responses": {
            "200": answer("The customer.", refer("KnownCustomer")),
            **refusals(401, 403, 404, 429),
        },
    }


def _recommended() -> dict[str, Any]:
    return {
        "summary": "Products for a customer, the best first, each with its reason; what sold out is left away.",
        "operationId": "get_recommendations",
        "parameters": [ID],
        "responses": {
            "200": answer("At most six products.", refer("RecommendationList")),
            **refusals(401, 403, 404, 429),
        },
    }


def _erase() -> dict[str, Any]:
    erased = refer("Erased")
    return {
        "summary": "Erases a person: hidden at once, forgotten room by room. Asked again it says how far it came.",
        "operationId": "erase_customer",
        "parameters": [ID],
        "responses": {
            "200": answer("All is forgotten.", erased),
            "202": answer("They are hidden, and are being forgotten.", erased),
            **refusals(401, 403, 404, 429),
        },
    }


def _consent() -> dict[str, Any]:
    return {
        "summary": "Where a customer stands on each topic, and what was said of it.",
        "operationId": "get_consent",
        "parameters": [ID],
        "responses": {
            "200": answer("Topics and statements.", refer("CustomerConsent")),
            **refusals(401, 403, 404, 429),
        },
    }


def _say() -> dict[str, Any]:
    said = {"schema": refer("Consent"), "example": CONSENT}
    return {
        "summary": "State what a customer allows. A withdrawal of their own is lifted only by themselves.",
        "operationId": "put_consent",
        "parameters": [ID],
        "requestBody": {"required": True, "content": {"application/json": said}},
        "responses": {
            "200": answer("As it stands now.", refer("ChangedConsent")),
            **refusals(400, 401, 403, 404, 413, 415, 422, 429),
        },
    }
