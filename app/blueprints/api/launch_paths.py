"""What the document says of launches."""

from __future__ import annotations

from typing import Any

from app.blueprints.api.described import ONCE, answer, refer, refusals
from app.blueprints.api.launch_shapes import ProductLaunch, StartedLaunch

TYPES = (ProductLaunch, StartedLaunch)
EXAMPLE = {
    "interest": "festivals",
    "product_name": "Coachella",
    "product_link": "https://www.coachella.com/",
    "line_up": "Six stages, three days",
}


def paths() -> dict[str, Any]:
    body = {"schema": refer("ProductLaunch"), "example": EXAMPLE}
    return {
        "/product-launches": {
            "post": {
                "summary": "Launch a product: whoever has the interest gets one mail, at once or at its time.",
                "description": "Which mail it is, and when, is set in Settings; both can be said here. Every further"
                " key becomes facts.KEY: at most 50 of them, 10 KB together; an `at` that is no time is one, too."
                " Its segment and its automation are gone"
                " soon after the run has finished; the run stays. Without an Idempotency-Key, or a key in the body,"
                " two calls are two launches.",
                "operationId": "launch_product",
                "parameters": [ONCE],
                "requestBody": {"required": True, "content": {"application/json": body}},
                "responses": {
                    "202": answer(
                        "It is kept, and its run is there, also where nobody has it.", refer("StartedLaunch")
                    ),
                    **refusals(400, 401, 403, 409, 413, 415, 422, 429),
                },
            }
        }
    }
