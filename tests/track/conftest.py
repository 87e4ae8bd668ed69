"""The shop: a secret for its tokens, an origin for its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from app.catalogue import visit_stream
from tests.track.visiting import SECRET, SHOP


@pytest.fixture
def configured(app: Flask) -> Iterator[Callable[..., None]]:
    before = app.extensions["config"]

    def say(**settings: Any) -> None:
        app.extensions["config"] = replace(before, **settings)

    say(track_jwt_secrets=(SECRET,), track_origins=(SHOP,))
    yield say
    app.extensions["config"] = before
    visit_stream.flush()  # what this page told must not come into the next test


@pytest.fixture
def page(app: Flask, configured: Callable[..., None]) -> Callable[..., Any]:
    """A page of the shop that calls a door of ours, in a browser of its own."""
    client = app.test_client()

    def call(path: str, said: Any = None, method: str = "POST", **how: Any) -> Any:
        how.setdefault("headers", {"Origin": SHOP})
        with app.app_context():
            return client.open(path, method=method, **({"json": said} if said is not None else {}), **how)

    return call
