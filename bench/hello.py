"""The product with one more door that only says hello: what a request costs at least, behind all that others share."""

from __future__ import annotations

from app.access import public
from wsgi import app


@app.get("/bench/hello")
@public
def hello() -> str:
    return "hello"


__all__ = ["app"]
