"""The links in a mail by which its reader says no, or sees it in a browser: each opens one door, and never ends."""

from __future__ import annotations

import msgspec

from app import signing

UNSUBSCRIBE, PREFERENCES, CONFIRM, VIEW = "unsubscribe", "preferences", "confirm", "view"


class Reader(msgspec.Struct, frozen=True, array_like=True):
    """Whose mail it was, about what (None: all marketing), and which mail."""

    customer_id: int
    topic_id: int | None = None
    delivery_id: int | None = None


class SignUp(msgspec.Struct, frozen=True, array_like=True):
    """Somebody who asked for mail, and confirms it by following the link that only their mailbox got."""

    signup_id: int


def unsubscribe(customer_id: int, topic_id: int | None = None, delivery_id: int | None = None) -> str:
    return signing.token(UNSUBSCRIBE, Reader(customer_id, topic_id, delivery_id))


def preferences(customer_id: int, delivery_id: int | None = None) -> str:
    return signing.token(PREFERENCES, Reader(customer_id, None, delivery_id))


def view(delivery_id: int) -> str:
    return signing.token(VIEW, delivery_id)


def confirm(signup_id: int) -> str:
    return signing.token(CONFIRM, SignUp(signup_id))


def reader(purpose: str, token: str) -> Reader | None:
    return signing.read(purpose, token, Reader)


def viewed(token: str) -> int | None:
    """Which mail."""
    return signing.read(VIEW, token, int)


def sign_up(token: str) -> SignUp | None:
    return signing.read(CONFIRM, token, SignUp)
