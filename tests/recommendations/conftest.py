"""Weeks for the views of these tests; another system with its key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from app.catalogue import weeks
from app.db import db
from tests.api.conftest import make_system
from tests.factories import NOW

__all__ = ["make_system"]


@pytest.fixture(autouse=True)
def ahead(app: Flask) -> None:
    now = datetime.now(UTC)
    for last in (NOW, now):
        weeks.ensure(last - timedelta(days=90), last)
    db.session.commit()
