from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from tests.webhooks.signing import SECRET

OLDER = "whsec_" + "A" * 32


@pytest.fixture(autouse=True)
def _secrets(request: pytest.FixtureRequest) -> Iterator[None]:
    """The funnel's secret and the one before it, as while they are rotated."""
    if "app" not in request.fixturenames:
        yield
        return
    app: Flask = request.getfixturevalue("app")
    config = app.extensions["config"]
    known = tuple(base64.b64decode(secret.removeprefix("whsec_")) for secret in (SECRET, OLDER))
    app.extensions["config"] = replace(config, funnel_webhook_secrets=known)
    yield
    app.extensions["config"] = config
