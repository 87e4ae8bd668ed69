"""What the document says of templates."""

from __future__ import annotations

from typing import Any

from app.blueprints.api import template_shapes
from app.blueprints.api.described import ID, ONCE, PAGE, answer, refer, refusals

TYPES = (
    template_shapes.Template,
    template_shapes.TemplateChange,
    template_shapes.KnownTemplate,
    template_shapes.TemplateList,
    template_shapes.Publication,
    template_shapes.Rendering,
    template_shapes.Rendered,
    template_shapes.TemplateUser,
)
EXAMPLE = {
    "name": "Open day",
    "type": "email",
    "templating_type": "mjml",
    "subject": "{{ customer.first_name }}, see the data lab",
    "preheader": "Twelve rooms, four teachers, one afternoon.",
    "message": "<mjml><mj-body><mj-section><mj-column><mj-text>Hello {{ customer.first_name }}</mj-text></mj-column>"
    "</mj-section></mj-body></mjml>",
}
CHANGE = {"version": 1, "subject": "Come and see the data lab"}
RENDERING = {"lms_lead_id": "L-77", "facts": {"discount_code": "SPRING"}}
USED = {
    "allOf": [refer("Refused")],
    "properties": {"used_by": {"type": "array", "items": refer("TemplateUser")}},
    "required": ["used_by"],
}


def paths() -> dict[str, Any]:
    return {
        "/templates": {"get": _list(), "post": _create()},
        "/templates/{id}": {"get": _one(), "patch": _change(), "delete": _delete()},
        "/templates/{id}/publication": {"post": _publish()},
        "/templates/{id}/renderings": {"post": _render()},
    }


def _list() -> dict[str, Any]:
    return {
        "summary": "All templates, page by page; archived ones too.",
        "operationId": "list_templates",
        "parameters": PAGE,
        "responses": {"200": answer("A page of templates.", refer("TemplateList")), **refusals(401, 403, 422, 429)},
    }


def _create() -> dict[str, Any]:
    return {
        "summary": "Write a template. What is wrong in its MJML stops its publication, not its being kept.",
        "operationId": "create_template",
        "parameters": [ONCE],
        "requestBody": _body("Template", EXAMPLE),
        "responses": {
            "201": answer("The template.", refer("KnownTemplate")),
            **refusals(400, 401, 403, 409, 413, 415, 422, 429),
        },
    }


def _one() -> dict[str, Any]:
    return {
        "summary": "One template: its draft, and which version goes out.",
        "operationId": "get_template",
        "parameters": [ID],
        "responses": {"200": answer("The template.", refer("KnownTemplate")), **refusals(401, 403, 404, 429)},
    }


def _change() -> dict[str, Any]:
    return {
        "summary": "Change the draft. Without the present version it is refused with 409.",
        "operationId": "change_template",
        "parameters": [ID],
        "requestBody": _body("TemplateChange", CHANGE),
        "responses": {
            "200": answer("The template as it is now.", refer("KnownTemplate")),
            **refusals(400, 401, 403, 404, 409, 413, 415, 422, 429),
        },
    }


def _delete() -> dict[str, Any]:
    return {
        "summary": "Delete a template that nothing sends.",
        "operationId": "delete_template",
        "parameters": [ID],
        "responses": {
            "204": {"description": "It is gone."},
            **refusals(401, 403, 404, 429),
            "409": answer("It is used: used_by says by whom.", USED),
        },
    }


def _publish() -> dict[str, Any]:
    return {
        "summary": "Freeze the draft as a version: from now on it is what goes out.",
        "operationId": "publish_template",
        "parameters": [ID, ONCE],
        "responses": {
            "200": answer("The number of the version.", refer("Publication")),
            **refusals(400, 401, 403, 404, 409, 413, 422, 429),
        },
    }


def _render() -> dict[str, Any]:
    return {
        "summary": "The draft as a customer would get it. Nothing is sent.",
        "operationId": "render_template",
        "parameters": [ID],
        "requestBody": _body("Rendering", RENDERING),
        "responses": {
            "200": answer("The mail.", refer("Rendered")),
            **refusals(400, 401, 403, 404, 413, 415, 422, 429),
        },
    }


def _body(name: str, example: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": refer(name), "example": example}}}
