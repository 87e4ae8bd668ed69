"""Secrets that a clone makes once and keeps, readable by its owner only."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from pathlib import Path

from app.embedded.place import write_private


def secret_key(home: Path) -> str:
    return _kept(home / "secret-key", lambda: secrets.token_urlsafe(48))


def funnel_webhook_secret(home: Path) -> str:
    return _kept(home / "funnel-webhook-secret", lambda: "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())


def track_jwt_secret(home: Path) -> str:
    return _kept(home / "track-jwt-secret", lambda: secrets.token_urlsafe(48))


def sign_in_password(home: Path) -> str:
    return _kept(home / "sign-in", lambda: "-".join(secrets.token_hex(3) for _ in range(3)))


def _kept(path: Path, make: Callable[[], str]) -> str:
    if not path.exists() or not path.read_text().strip():
        write_private(path, make() + "\n")
    return path.read_text().strip()
