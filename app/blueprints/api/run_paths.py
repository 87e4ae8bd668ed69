"""What the document says of runs, messages and deliveries."""

from __future__ import annotations

from typing import Any

from app.blueprints.api import run_shapes
from app.blueprints.api.described import ID, ONCE, PAGE, answer, query, refer, refusals

TYPES = (
    run_shapes.KnownRun,
    run_shapes.RunList,
    run_shapes.Message,
    run_shapes.Accepted,
    run_shapes.KnownDelivery,
    run_shapes.DeliveryList,
)
EXAMPLE = {"message_template_id": 1, "lms_lead_id": "L-77", "facts": {"discount_code": "SPRING"}}
NUMBER = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}


def paths() -> dict[str, Any]:
    return {
        "/runs": {"get": _list()},
        "/runs/{id}": {"get": _one()},
        "/runs/{id}/pause": {"post": _act("pause_run", "Pause a run: nothing new of it goes out.")},
        "/runs/{id}/resume": {"post": _act("resume_run", "Let a paused run go on.")},
        "/runs/{id}/cancel": {"post": _act("cancel_run", "Cancel a run for good: whoever waits gets nothing.")},
        "/messages": {"post": _message()},
        "/deliveries": {"get": _deliveries()},
        "/deliveries/{id}": {"get": _delivery()},
    }


def _list() -> dict[str, Any]:
    return {
        "summary": "All runs with their accounts, page by page.",
        "operationId": "list_runs",
        "parameters": PAGE,
        "responses": {"200": answer("A page of runs.", refer("RunList")), **refusals(401, 403, 422, 429)},
    }


def _one() -> dict[str, Any]:
    return {
        "summary": "One run: its state, and what became of everybody.",
        "operationId": "get_run",
        "parameters": [ID],
        "responses": {"200": answer("The run.", refer("KnownRun")), **refusals(401, 403, 404, 429)},
    }


def _act(operation: str, said: str) -> dict[str, Any]:
    return {
        "summary": said,
        "operationId": operation,
        "parameters": [ID, ONCE],
        "responses": {
            "200": answer("The run as it is now.", refer("KnownRun")),
            **refusals(400, 401, 403, 404, 409, 413, 422, 429),
        },
    }


def _message() -> dict[str, Any]:
    body = {"schema": refer("Message"), "example": EXAMPLE}
    return {
        "summary": "Send one transactional mail. It is on its way once this is answered; its delivery says how far.",
        "operationId": "send_message",
        "parameters": [ONCE],
        "requestBody": {"required": True, "content": {"application/json": body}},
        "responses": {
            "202": answer("It is kept, and goes out.", refer("Accepted")),
            **refusals(400, 401, 403, 409, 413, 415, 422, 429),
        },
    }


def _deliveries() -> dict[str, Any]:
    return {
        "summary": "The mails of a run, in order of their ids, page by page.",
        "operationId": "list_deliveries",
        "parameters": [{**query("run_id", NUMBER), "required": True}, query("after", NUMBER), *PAGE],
        "responses": {"200": answer("A page of mails.", refer("DeliveryList")), **refusals(401, 403, 404, 422, 429)},
    }


def _delivery() -> dict[str, Any]:
    return {
        "summary": "What became of one mail.",
        "operationId": "get_delivery",
        "parameters": [ID],
        "responses": {"200": answer("The mail.", refer("KnownDelivery")), **refusals(401, 403, 404, 429)},
    }
