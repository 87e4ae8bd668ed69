"""Facts for a preview, as a trigger would bring them: so that nobody designs a cart mail with an empty cart."""

from __future__ import annotations

from typing import Any

COURSE = {
    "name": "Data Foundations",
    "url": "https://www.campus.example/courses/data-foundations",
    "image_url": "",
    "price": 49000,
    "currency": "EUR",
    "quantity": 1,
    "old_price": 59000,
    "new_price": 49000,
    "savings": 10000,
}
SECOND = COURSE | {
    "name": "Sound for Film",
    "url": "https://www.campus.example/courses/sound-for-film",
    "price": 39000,
}
FACTS: dict[str, Any] = {
    "product": COURSE,
    "products": [COURSE, SECOND],
    "cart": {"items": [COURSE, SECOND], "total": 88000, "currency": "EUR"},
    "checkout_url": "https://www.campus.example/checkout",
    "discount_code": "WELCOME10",
    "discount_amount": "10 %",
    "product_name": COURSE["name"],
    "product_link": COURSE["url"],
    "recommendations": [COURSE | {"reason": "others bought it too"}, SECOND],
    "event": {"name": "checkout_started", "properties": {"total": 88000, "currency": "EUR"}},
}
