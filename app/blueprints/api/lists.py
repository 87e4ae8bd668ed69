"""How lists are asked for: so many at once, after the last one of the page before."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from flask import request

from app.blueprints.api.refusals import Refusal

ROWS, MOST = 50, 1_000
Row = TypeVar("Row")
Shape = TypeVar("Shape", bound=msgspec.Struct)


def limit() -> int:
    written = request.args.get("limit", str(ROWS))
    if not (written.isascii() and written.isdecimal() and len(written) < 6 and 1 <= int(written) <= MOST):
        raise Refusal(422, "bad_limit", f"limit is a number from 1 to {MOST:,}.")
    return int(written)


def asked(name: str) -> str | None:
    """Asked for by nothing: a mistake, and no wish to see everybody."""
    written = request.args.get(name)
    if written is not None and (not written.strip() or "\0" in written):
        raise Refusal(422, f"bad_{name}", f"{name} names nobody.")
    return written


def cursor(last: int) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(last)).decode().rstrip("=")


def after() -> int:
    """The number that the cursor holds; 0 without one."""
    written = asked("cursor")
    return _number(written) if written else 0


def page(
    ask: Callable[[int, int], Sequence[Row]], known: Callable[[Sequence[Row]], list[Any]], shape: Callable[..., Shape]
) -> Shape:
    """One page of a noun: `ask` gets the number after which to begin and how many, one more than is shown."""
    most = limit()
    found = ask(after(), most + 1)
    shown, has_more = known(found[:most]), len(found) > most
    return shape(shown, has_more, cursor(shown[-1].id) if has_more else None)


def _number(written: str) -> int:
    try:
        raw = base64.b64decode(written + "=" * (-len(written) % 4), altchars=b"-_", validate=True)
        number = msgspec.json.decode(raw, type=int)
    except (binascii.Error, ValueError):
        number = -1
    if not 0 <= number < 2**63:
        raise Refusal(422, "bad_cursor", "This cursor is damaged; begin without one.")
    return number
