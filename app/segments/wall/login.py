"""A connection for one question, thrown away after it. Two at a time in a process, so that pages stay quick."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from app.db import wall_url
from app.segments.unavailable import Unavailable
from app.settings import team

AT_ONCE = threading.BoundedSemaphore(2)
PATIENCE = 4.0  # seconds
BUSY = "Others are counting at this moment. Try again in a few seconds."
NO_LOGIN = (
    "SQL segments are switched off: their login does not work."
    " Whoever runs the server finds out more with “flask sql-wall --test”."
)


@contextmanager
def reading(zone: str | None = None) -> Iterator[psycopg.Connection]:
    """A read-only transaction in the team's zone; there is never a word to end it but the end."""
    deadline = time.monotonic() + PATIENCE
    if not AT_ONCE.acquire(timeout=PATIENCE):
        raise Unavailable(BUSY)
    try:
        connection = _patiently(zone or str(team.zone()), deadline)
        try:
            connection.execute("BEGIN TRANSACTION READ ONLY")
            yield connection
        finally:
            connection.close()
    finally:
        AT_ONCE.release()


def _patiently(zone: str, deadline: float) -> psycopg.Connection:
    while True:
        try:
            return connect(zone)
        except psycopg.OperationalError as error:
            if "too many connections" not in str(error):
                raise Unavailable(NO_LOGIN) from None
        if time.monotonic() > deadline:
            raise Unavailable(BUSY)
        time.sleep(0.1)


def connect(zone: str = "UTC") -> psycopg.Connection:
    return psycopg.connect(
        wall_url() or "",
        autocommit=True,
        connect_timeout=5,
        application_name="sql segment",
        options=f"-c TimeZone={zone}",
        prepare_threshold=None,
    )
