"""Where a request comes from, and where it may go back to."""

from __future__ import annotations

from flask import request, url_for

HERE = {"127.0.0.1", "::1"}


def wanted() -> str:
    """Only a path of ours: //evil and /\\evil are other people's addresses to a browser, and so is a tab between."""
    there = request.values.get("next", "")
    is_ours = there.startswith("/") and not there.startswith("//") and "\\" not in there and there.isprintable()
    return there if is_ours else url_for("dashboard.show")


def address() -> str:
    """A proxy on this machine speaks for others: the last address that it wrote down is the one that it saw."""
    peer = request.remote_addr or ""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return forwarded if forwarded and peer in HERE else peer
