"""What the API's document and its page say in words: the doors that take facts, and the ways to refuse."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import msgspec

from app.blueprints.api import shapes
from app.blueprints.api.reading import MOST

REFUSALS = {
    400: "The body is not JSON, or a header is malformed.",
    401: "No key, or none that is known.",
    403: "The key lacks the scope.",
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
    409: "The Idempotency-Key is in use, or came with another body; or a version is not the present one.",
    413: f"More than {MOST:,} items, or more than 5 MB.",
    415: "Not application/json.",
    422: "Nothing of it could be stored, a parameter is wrong, or a segment cannot be computed.",
    429: "Too many calls; Retry-After says how many seconds to wait.",
    500: "It went wrong on our side; nothing was stored. Send it again.",
    503: "The database does not answer; send it again a little later.",
}
# Why an item was not stored.
CODES = {
    "ambiguous": "The address fits several customers; a person decides in the dashboard.",
    "bad_name": "A name of an attribute is empty, too long or holds control characters.",
    "bad_value": "The value is of the right type, but it cannot be: no address, below 0, no such time zone.",
    "in_the_future": "More than a day ahead.",
    "invalid_json": "The item cannot be read.",
    "lead_id_taken": "The lms_lead_id belongs to another customer, or the customer has another one.",
    "missing": "A key is needed; “who” means that nobody is named.",
    "not_created": "Nobody known fits.",
    "not_supported": "This version does not take it in.",
    "reserved_name": "An attribute is named like a field of customers.",
    "too_large": "A value takes too much room.",
    "too_long": "A text has too many characters.",
    "too_old": "Behaviour is kept for 730 days; nothing is older than 1970.",
    "unknown_customer": "No customer has this customer_id.",
    "unknown_funnel": "No funnel is called that.",
    "unknown_key": "Nothing is known by this key.",
    "unknown_topic": "No topic in use has this name.",
    "unknown_type": "An attribute is declared as something else than the six types.",
    "wrong_type": "A value is not of its type, or an attribute not of the type that its name is bound to.",
}


CONSENT = {"topics": {"newsletter": True, "promotional": False}, "source": "form", "text": "Yes, send me news."}


@dataclass(frozen=True)
class Facts:
    path: str
    plural: str
    shape: type[msgspec.Struct]
    said: str
    example: dict[str, Any]

    @property
    def body(self) -> str:
        return json.dumps(self.example)


FACTS = (
    Facts(
        "/customers",
        "customers",
        shapes.Customer,
        "Create or change customers. A known lms_lead_id wins; a new one adopts the only customer of the same address.",
        {"lms_lead_id": "LMS-1042", "email": "maya@example.com", "first_name": "Maya", "attributes": {"score": 85}},
    ),
    Facts(
        "/funnel-events",
        "funnel_events",
        shapes.FunnelEvent,
        "Moves from one stage of a funnel to another.",
        {"id": "move-77", "lms_lead_id": "LMS-1042", "funnel_type": "sales", "to_stage": "applied"},
    ),
    Facts(
        "/events",
        "events",
        shapes.Event,
        "What people did. An order_completed event with order_id is that order.",
        {"id": "evt-9", "name": "login", "lms_lead_id": "LMS-1042", "properties": {"platform": "web"}},
    ),
    Facts(
        "/products",
        "products",
        shapes.Product,
        "Products of the shop; each change of price and stock is kept.",
        {"product_id": "P-1", "name": "Sound for Film", "price": 12900, "currency": "EUR", "stock": 12},
    ),
    Facts(
        "/carts",
        "carts",
        shapes.Cart,
        "What lies in a cart now; it also counts as the event cart_updated.",
        {"lms_lead_id": "LMS-1042", "items": [{"product_id": "P-1", "quantity": 1, "price": 12900}]},
    ),
    Facts(
        "/orders",
        "orders",
        shapes.Order,
        "Orders; paid for the first time, one also counts as the event order_completed.",
        {"order_id": "O-5", "lms_lead_id": "LMS-1042", "total": 12900, "currency": "EUR", "status": "paid"},
    ),
    Facts(
        "/suppressions",
        "suppressions",
        shapes.Suppression,
        "Addresses that get nothing: hard_bounce, complaint or manual. The same again changes nothing.",
        {"email": "maya@example.com", "reason": "hard_bounce"},
    ),
)
