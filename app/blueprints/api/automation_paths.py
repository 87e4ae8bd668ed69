"""What the document says of automations."""

from __future__ import annotations

from typing import Any

from app.blueprints.api import automation_shapes
from app.blueprints.api.described import ID, ONCE, PAGE, answer, refer, refusals

TYPES = (
    automation_shapes.Automation,
    automation_shapes.AutomationChange,
    automation_shapes.KnownAutomation,
    automation_shapes.AutomationList,
    automation_shapes.Variant,
    automation_shapes.KnownVariant,
    automation_shapes.StartedRun,
)
EXAMPLE = {
    "name": "Open day",
    "customer_segment_id": 1,
    "message_template_id": 1,
    "topic": "newsletter",
    "timezone": "Europe/Berlin",
    "trigger": {"cron": "0 10 * * 2"},
}
ABANDONED = {
    "event": "checkout_started",
    "where": [{"property": "total", "op": "at_least", "value": 4000}],
    "delay": "2h",
    "at_most_every": "1d",
    "unless": {"event": "order_completed"},
}
ENROLLED = {
    "event": "funnel",
    "where": [
        {"property": "funnel_type", "op": "equals", "value": "sales"},
        {"property": "to_stage", "op": "equals", "value": "enrolled"},
    ],
}
# By what starts it; only what joins or goes by the clock needs a segment.
EXAMPLES: dict[str, dict[str, Any]] = {
    "by the clock": EXAMPLE,
    "once": {**EXAMPLE, "trigger": {"once": "2026-12-01T10:00:00+01:00"}},
    "when something happens": {"name": "Checkout reminder", "message_template_id": 1, "trigger": ABANDONED},
    "when somebody moves in a funnel": {"name": "Welcome", "message_template_id": 1, "trigger": ENROLLED},
    "when somebody joins its segment": {**EXAMPLE, "trigger": {"enters_segment": True, "delay": "1h"}},
    "after another automation": {
        "name": "Second reminder",
        "message_template_id": 1,
        "trigger": {"after": {"automation": 1, "delay": "3d", "if": "not_clicked"}},
    },
    "when a cart is left alone": {
        "name": "Abandoned cart",
        "message_template_id": 1,
        "topic": "abandoned_cart",
        "trigger": {"behaviour": "abandoned_cart", "idle_from": "24h", "idle_to": "48h", "when": "0 10 * * *"},
    },
    "when a product is back": {
        "name": "Back in stock",
        "message_template_id": 1,
        "topic": "back_in_stock",
        "trigger": {"behaviour": "back_in_stock", "per_piece": 2, "wave_every": "4h", "when": "at_once"},
    },
    "with a goal": {**EXAMPLE, "goal": {"event": "order_completed", "within": "7d"}},
}
CHANGE = {"version": 1, "trigger": {"once": "2026-12-01T10:00:00+01:00"}}
BODY = {"required": False, "content": {"application/json": {"schema": {"type": "object"}}}}


def paths() -> dict[str, Any]:
    return {
        "/automations": {"get": _list(), "post": _create()},
        "/automations/{id}": {"get": _one(), "patch": _change(), "delete": _delete()},
        "/automations/{id}/activation": {"post": _activate(), "delete": _deactivate()},
        "/automations/{id}/runs": {"post": _run()},
    }


def _list() -> dict[str, Any]:
    return {
        "summary": "All automations, page by page; archived ones too.",
        "operationId": "list_automations",
        "parameters": PAGE,
        "responses": {
            "200": answer("A page of automations.", refer("AutomationList")),
            **refusals(401, 403, 422, 429),
        },
    }


def _create() -> dict[str, Any]:
    return {
        "summary": "Say whom, what and when: by the clock, or in answer to people. It acts once it is activated.",
        "operationId": "create_automation",
        "parameters": [ONCE],
        "requestBody": _bodies("Automation", EXAMPLES),
        "responses": {
            "201": answer("The automation, not active.", refer("KnownAutomation")),
            **refusals(400, 401, 403, 409, 413, 415, 422, 429),
        },
    }


def _one() -> dict[str, Any]:
    return {
        "summary": "One automation.",
        "operationId": "get_automation",
        "parameters": [ID],
        "responses": {"200": answer("The automation.", refer("KnownAutomation")), **refusals(401, 403, 404, 429)},
    }


def _change() -> dict[str, Any]:
    return {
        "summary": "Change an automation. Without the present version it is refused with 409.",
        "operationId": "change_automation",
        "parameters": [ID],
        "requestBody": _body("AutomationChange", CHANGE),
        "responses": {
            "200": answer("The automation as it is now.", refer("KnownAutomation")),
            **refusals(400, 401, 403, 404, 409, 413, 415, 422, 429),
        },
    }


def _delete() -> dict[str, Any]:
    return {
        "summary": "Delete an automation. Its runs stay.",
        "operationId": "delete_automation",
        "parameters": [ID],
        "responses": {"204": {"description": "It is gone."}, **refusals(401, 403, 404, 429)},
    }


def _activate() -> dict[str, Any]:
    return {
        "summary": "Put an automation to work; one that is at work stays so.",
        "operationId": "activate_automation",
        "parameters": [ID, ONCE],
        "requestBody": BODY,
        "responses": {
            "200": answer("The automation at work.", refer("KnownAutomation")),
            **refusals(400, 401, 403, 404, 409, 413, 415, 422, 429),
        },
    }


def _deactivate() -> dict[str, Any]:
    return {
        "summary": "No more runs; those that are on their way go on.",
        "operationId": "deactivate_automation",
        "parameters": [ID],
        "responses": {
            "200": answer("The automation at rest.", refer("KnownAutomation")),
            **refusals(401, 403, 404, 429),
        },
    }


def _run() -> dict[str, Any]:
    return {
        "summary": "Start one more run now, whatever the trigger, active or not.",
        "operationId": "run_automation",
        "parameters": [ID, ONCE],
        "requestBody": BODY,
        "responses": {
            "202": answer("The run that was started.", refer("StartedRun")),
            **refusals(400, 401, 403, 404, 409, 413, 415, 422, 429),
        },
    }


def _body(name: str, example: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": refer(name), "example": example}}}


def _bodies(name: str, examples: dict[str, dict[str, Any]]) -> dict[str, Any]:
    shown = {said: {"value": one} for said, one in examples.items()}
    return {"required": True, "content": {"application/json": {"schema": refer(name), "examples": shown}}}
