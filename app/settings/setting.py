"""One typed row per group of settings; its value is checked when it is read and when it is written."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Text, func, text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from app.audit import Actor, record
from app.db import Model, db, now_column

Shape = TypeVar("Shape", bound=msgspec.Struct)


class ChangedMeanwhile(Exception):
    """Somebody else saved between the moment the form was opened and the moment it was sent."""


class Setting(Model):
    __tablename__ = "settings"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    updated_date: Mapped[datetime] = now_column()


def read(name: str, shape: type[Shape]) -> Shape:
    return versioned(name, shape)[0]


def versioned(name: str, shape: type[Shape]) -> tuple[Shape, int]:
    """The value, and the version that a form sends back; 0 while nobody has set it."""
    row = db.session.get(Setting, name)
    return (msgspec.convert(row.value, shape), row.version) if row else (shape(), 0)


def plain(value: msgspec.Struct) -> dict[str, Any]:
    """As it is kept."""
    found: dict[str, Any] = msgspec.to_builtins(value)
    return found


def save(name: str, value: msgspec.Struct, version: int, by: Actor) -> None:
    """Writes only over the version that the form has seen, also when two people send it at once."""
    before, after = plain(read(name, type(value))), plain(value)
    new = insert(Setting).values(name=name, value=after, version=1)
    written = db.session.execute(
        new.on_conflict_do_update(
            index_elements=[Setting.name],
            set_={"value": new.excluded.value, "version": Setting.version + 1, "updated_date": func.now()},
            where=Setting.version == version,
        ).returning(Setting.version)
    ).scalar()
    if written != version + 1:
        raise ChangedMeanwhile
    _tell(name, before, after, by)


def _tell(name: str, before: dict[str, Any], after: dict[str, Any], by: Actor) -> None:
    changed = [key for key in after if before.get(key) != after[key]]
    if changed:
        was, is_now = ({key: values.get(key) for key in changed} for values in (before, after))
        record(by, "changed", "settings", (name, name.capitalize()), was, is_now)
