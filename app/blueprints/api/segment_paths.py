"""What the document says of segments."""

from __future__ import annotations

from typing import Any

from app.blueprints.api import segment_shapes
from app.blueprints.api.described import ID, ONCE, PAGE, answer, refer, refusals

TYPES = (
    segment_shapes.Segment,
    segment_shapes.SegmentChange,
    segment_shapes.KnownSegment,
    segment_shapes.SavedSegment,
    segment_shapes.SegmentList,
    segment_shapes.SegmentCount,
    segment_shapes.SegmentCustomers,
    segment_shapes.SegmentUser,
)
EXAMPLE = {
    "name": "Warm applicants",
    "type": "rules",
    "rules": {
        "all": [
            {"funnel": "sales", "in_stage": "applied"},
            {"event": "login", "times": {"at_least": 3}, "within": {"last": "30d"}},
        ]
    },
}
CHANGE = {"version": 1, "name": "Warm applicants of spring"}
USED = {
    "allOf": [refer("Refused")],
    "properties": {"used_by": {"type": "array", "items": refer("SegmentUser")}},
    "required": ["used_by"],
}


def paths() -> dict[str, Any]:
    return {
        "/segments": {"get": _list(), "post": _create()},
        "/segments/{id}": {"get": _one(), "patch": _change(), "delete": _delete()},
        "/segments/{id}/count": {"get": _count()},
        "/segments/{id}/customers": {"get": _customers()},
    }


def _list() -> dict[str, Any]:
    return {
        "summary": "All segments, page by page; archived ones too.",
        "operationId": "list_segments",
        "parameters": PAGE,
        "responses": {
            "200": answer("A page of segments.", refer("SegmentList")),
            **refusals(401, 403, 422, 429),
        },
    }


def _create() -> dict[str, Any]:
    return {
        "summary": "Make a segment: a list, SQL, a function or rules. One that cannot be computed is refused.",
        "operationId": "create_segment",
        "parameters": [ONCE],
        "requestBody": _body("Segment", EXAMPLE),
        "responses": {
            "201": answer("The segment, counted; and whom of a list nobody knows.", refer("SavedSegment")),
            **refusals(400, 401, 403, 409, 413, 415, 422, 429),
        },
    }


def _one() -> dict[str, Any]:
    return {
        "summary": "One segment, with the count of the last time that it was counted.",
        "operationId": "get_segment",
        "parameters": [ID],
        "responses": {"200": answer("The segment.", refer("KnownSegment")), **refusals(401, 403, 404, 429)},
    }


def _change() -> dict[str, Any]:
    return {
        "summary": "Change a segment. Without the present version it is refused with 409.",
        "operationId": "change_segment",
        "parameters": [ID],
        "requestBody": _body("SegmentChange", CHANGE),
        "responses": {
            "200": answer("The segment as it is now.", refer("SavedSegment")),
            **refusals(400, 401, 403, 404, 409, 413, 415, 422, 429),
        },
    }


def _delete() -> dict[str, Any]:
    return {
        "summary": "Delete a segment that nothing uses.",
        "operationId": "delete_segment",
        "parameters": [ID],
        "responses": {
            "204": {"description": "It is gone."},
            **refusals(401, 403, 404, 429),
            "409": answer("It is used: used_by says by whom.", USED),
        },
    }


def _count() -> dict[str, Any]:
    return {
        "summary": "How many there are now.",
        "operationId": "count_segment",
        "parameters": [ID],
        "responses": {
            "200": answer("The number.", refer("SegmentCount")),
            **refusals(401, 403, 404, 422, 429),
        },
    }


def _customers() -> dict[str, Any]:
    return {
        "summary": "Who is in it now, in order of their ids, page by page.",
        "operationId": "list_customers_of_segment",
        "parameters": [ID, *PAGE],
        "responses": {
            "200": answer("A page of customers.", refer("SegmentCustomers")),
            **refusals(401, 403, 404, 422, 429),
        },
    }


def _body(name: str, example: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": refer(name), "example": example}}}
