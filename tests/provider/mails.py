"""A mail as a provider is handed it."""

from __future__ import annotations

from typing import Any

from app.deliveries.providers import Mail


def mail(number: int = 1, **changes: Any) -> Mail:
    said = {
        "key": f"delivery-{number}",
        "to": f"p{number}@people.example",
        "sender": "Campus <mail@campus.example>",
        "subject": "Grüße",
        "html": "<p>Hello\n</p>",
        "text": "Hello\n",
        "headers": {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    }
    return Mail(**{**said, **changes})
