"""What the document says of metrics."""

from __future__ import annotations

from typing import Any

from app.blueprints.api import metric_shapes
from app.blueprints.api.described import ID, answer, query, refer, refusals

TYPES = (metric_shapes.CountedDay, metric_shapes.AutomationMetrics)
WHEN = {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}


def paths() -> dict[str, Any]:
    return {
        "/metrics/automations/{id}": {
            "get": {
                "summary": "What came of an automation’s mails, in whole days of the team’s zone; unasked the last 30.",
                "operationId": "get_automation_metrics",
                "parameters": [ID, query("from", WHEN), query("to", WHEN)],
                "responses": {
                    "200": answer("Its figures.", refer("AutomationMetrics")),
                    **refusals(401, 403, 404, 422, 429),
                },
            }
        }
    }
