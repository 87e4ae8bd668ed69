"""What a kind of condition means: whom it selects, how it is said, and what is known of one customer beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.db import db
from app.segments.frame import Frame
from app.segments.inputs import Within
from app.segments.sets import Part
from app.segments.words import Words

Said = Mapping[str, Any]


@dataclass(frozen=True)
class Meaning:
    part: Callable[[Said, Frame], Part]
    words: Callable[[Said], Words]
    told: Callable[[Said, Frame, int], str]  # their value: “2 times, the last on 4 Nov”


def bounds(column: str, within: Within | None, frame: Frame) -> str:
    """AND … for a moment within the time that is meant."""
    if within is None:
        return ""
    if within.since_last_run:
        return f"{begun(column, within, frame)} AND {column} <= {_at(frame, frame.now)}"  # the rest is for the next one
    if within.end:
        sign = "<" if within.end.is_day else "<="
        return f"{begun(column, within, frame)} AND {column} {sign} {_at(frame, within.end.end)}"
    return begun(column, within, frame)


def begun(column: str, within: Within | None, frame: Frame) -> str:
    """AND … for a moment that is not before it."""
    if within is None:
        return ""
    if within.last:
        return f" AND {column} >= {_at(frame, frame.now - within.last.length)}"
    if within.since_last_run:
        return f" AND {column} > {_at(frame, frame.last_run)}" if frame.last_run else ""
    return f" AND {column} >= {_at(frame, within.start.start)}" if within.start else ""


def before_now(column: str, length: Any, frame: Frame) -> str:
    return f"{column} <= {_at(frame, frame.now - length)}"


def interval(frame: Frame, length: Any) -> str:
    return f"CAST({frame.bind(length)} AS interval)"


def one(sql: str, frame: Frame, **said: Any) -> Any:
    """A row about one customer."""
    return db.session.execute(text(sql), frame.said | said).first()


def day_said(at: Any, frame: Frame) -> str:
    local = at.astimezone(frame.zone)
    return f"{local.day} {local:%b %Y %H:%M}"


def counted(count: int, one: str = "time") -> str:
    return f"{count:,} {one}" + ("" if count == 1 else "s")


def _at(frame: Frame, at: Any) -> str:
    return f"CAST({frame.bind(at)} AS timestamptz)"
