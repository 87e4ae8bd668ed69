"""What the doors of things that people keep have in common: read, refused, changed meanwhile, still used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import msgspec

from app import access
from app.audit import Actor
from app.blueprints.api import reading
from app.blueprints.api.refusals import Refusal
from app.problem import Problem

Shape = TypeVar("Shape", bound=msgspec.Struct)


class User(Protocol):
    """Whoever uses it, and would be left without."""

    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...


def by() -> Actor:
    return Actor("key", access.api_key().id, access.api_key().name)


def wanted(body: bytes, shape: type[Shape]) -> Shape:
    """The one thing that the body describes."""
    good, rejects = reading.shaped([msgspec.Raw(reading.one(body))], shape)
    if rejects:
        wrong = rejects[0]
        raise _refused(wrong.code, [Problem(wrong.field, wrong.message)])
    return good[0][1]


def refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise _refused("invalid", problems)


def stale(version: int) -> Refusal:
    message = f"It is at version {version} now. Send the version that you have read."
    return Refusal(409, "changed", message, [{"version": version}])


def used(users: Sequence[User]) -> Refusal:
    names = ", ".join(f"“{one.name}”" for one in users)
    told = [{"kind": one.kind, "id": one.id, "name": one.name} for one in users]
    return Refusal(409, "used", f"It is used by {names}.", told, told)


def _refused(code: str, problems: Sequence[Problem]) -> Refusal:
    first = problems[0]
    details = [{"code": code, "field": one.path, "message": one.message} for one in problems]
    return Refusal(422, code, f"{first.path}: {first.message}" if first.path else first.message, details)
