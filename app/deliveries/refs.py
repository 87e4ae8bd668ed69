"""`ref`: the short name of one mail that its links carry into the shop, and that an order brings back."""

from __future__ import annotations

from app import signing

REF = "ref"


def of(delivery_id: int) -> str:
    return signing.token(REF, delivery_id)


def read(ref: str) -> int | None:
    """None for whatever we did not sign: nobody gives a mail the credit by guessing."""
    return signing.read(REF, ref, int)
