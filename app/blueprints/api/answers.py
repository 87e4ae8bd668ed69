"""What the API answers: a shape as JSON."""

from __future__ import annotations

import msgspec
from flask import Response


def answer(said: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(said), mimetype="application/json")
