"""Where reports read from."""

from __future__ import annotations

from app.metrics import straight
from app.metrics.scope import Scope


def days(scope: Scope) -> str:
    return straight.days(scope)


def hours(scope: Scope) -> str:
    return straight.hours(scope)


def moments(scope: Scope) -> str:
    return straight.moments(scope)


def credited(scope: Scope) -> str:
    return straight.credited(scope)
