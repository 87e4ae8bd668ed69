"""Alerts, told like anything else: each once, also one that is over soon."""

from __future__ import annotations

from datetime import datetime

from app import running
from app.hooks import telling

KIND = "alert.raised"
# Never the reason, which may quote somebody.
RAISED = f"""
    SELECT '{KIND}' AS kind, '{KIND}:' || id AS key, created_date AS at, CAST(NULL AS bigint) AS customer_id,
           jsonb_build_object('alert_id', id, 'cause', cause, 'title', title,
                              'url', CAST(:base AS text) || path) AS data
      FROM alerts
"""


def tell(_now: datetime) -> None:
    telling.tell([KIND], RAISED, {"base": running.config().base_url})
