from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.db import db
from tests.work.errands import Base, Errand
from tests.work.running import Workers


@pytest.fixture
def errands(app: Flask) -> Iterator[type[Errand]]:
    with db.engine.begin() as connection:
        Base.metadata.drop_all(connection)
        Base.metadata.create_all(connection)
    yield Errand
    db.session.rollback()
    with db.engine.begin() as connection:
        Base.metadata.drop_all(connection)


@pytest.fixture
def workers(errands: type[Errand], environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Workers]]:
    started: list[Workers] = []

    def start(*arguments: str, **env: str) -> Workers:
        started.append(Workers({**environment, **env}, tmp_path / "log", *arguments))
        return started[-1]

    yield start
    for one in started:
        try:
            one.stop()
        finally:
            one.process.kill()
    if (tmp_path / "log").exists():
        print((tmp_path / "log").read_text()[-8000:])  # noqa: T201 — pytest shows it beside a failure
