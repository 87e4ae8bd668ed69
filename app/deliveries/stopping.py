"""One switch stops all mail: nothing is posted while it is thrown."""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import exists

from app.audit import Actor
from app.db import db
from app.settings import setting
from app.settings.setting import Setting

NAME = "mail"
SAID = "All mail is stopped."
IS_STOPPED = exists().where(Setting.name == NAME, Setting.value["is_stopped"].as_boolean())


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    is_stopped: bool = False
    by_name: str = ""


def is_stopped() -> bool:
    """As it is at this moment: what a session has read before does not count."""
    row = db.session.get(Setting, NAME, populate_existing=True)
    return bool(row and row.value.get("is_stopped"))


def throw(is_stopped: bool, version: int, by: Actor) -> None:
    """Raises setting.ChangedMeanwhile."""
    setting.save(NAME, Mail(is_stopped=is_stopped, by_name=by.name), version, by)


def versioned() -> tuple[Mail, int]:
    return setting.versioned(NAME, Mail)


def since() -> datetime | None:
    """When it was thrown, or thrown back, the last time."""
    row = db.session.get(Setting, NAME)
    return row.updated_date if row else None
