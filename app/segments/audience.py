"""Whom a segment means, as one statement. What cannot be computed is Unavailable: nobody, with a reason."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from app.customers import directory
from app.db import db
from app.problem import Refused
from app.segments import answers, compiling, rules, sets, wall
from app.segments.answers import Answer
from app.segments.frame import Frame
from app.segments.functions import running
from app.segments.rules import Known
from app.segments.segment import Segment
from app.segments.sets import Ids
from app.segments.unavailable import Unavailable
from app.settings import team

SECONDS = 5
DEEPEST = 10  # segments within segments
LISTED = "SELECT customer_id FROM customer_segment_customer_list WHERE customer_segment_id = {}"
GIVEN = "SELECT id AS customer_id FROM unnest(CAST({} AS bigint[])) AS given(id)"
TOO_LONG = f"It took longer than {SECONDS} seconds and was stopped."


@dataclass(frozen=True)
class Audience:
    """`sql` selects customer_id, each living customer once; `dropped` is what an answer held beside people."""

    sql: str
    said: Mapping[str, Any] = field(default_factory=dict)
    dropped: Answer | None = None


def of(segment: Segment, now: datetime, last_run: datetime | None = None) -> Audience:
    frame = _frame(now, last_run)
    found: list[Answer] = []
    part = _part(segment, frame, (), found)
    return Audience(sets.selected(part), frame.said, found[0] if found else None)


def of_rules(raw: Any, now: datetime, own_id: int | None = None) -> Audience:
    """Of rules that are being written, which may stand in no segment yet."""
    frame = _frame(now)
    frame.audience = _resolver((own_id,) if own_id else (), [])
    return Audience(sets.selected(compiling.part(_read(raw, frame), frame)), frame.said)


def of_answer(answer: Answer) -> Audience:
    return Audience(GIVEN.format(":ids"), {"ids": answers.written(answer.ids)}, answer)


def known() -> Known:
    return Known(team.zone(), types())


def types() -> dict[str, str]:
    return {one.name: one.field_type for one in directory.attribute_types()}


def count(audience: Audience) -> int:
    with hurried():
        return db.session.scalar(text(f"SELECT count(*) FROM (\n{audience.sql}\n) audience"), audience.said) or 0


@contextlib.contextmanager
def hurried(seconds: float = SECONDS) -> Iterator[None]:
    """Whatever runs within is stopped in time; the transaction around it goes on."""
    try:
        with db.session.begin_nested():
            db.session.execute(text(f"SET LOCAL statement_timeout = {int(seconds * 1000)}"))
            db.session.execute(text("SET LOCAL work_mem = '128MB'"))
            yield
            db.session.execute(text("SET LOCAL statement_timeout = 0"))
            db.session.execute(text("SET LOCAL work_mem TO DEFAULT"))
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == "57014":  # query_canceled
            raise Unavailable(TOO_LONG) from None
        raise
    except DBAPIError as error:
        raise Unavailable(f"It cannot be computed ({type(error.orig).__name__}).") from None


def frame_of(now: datetime, own_id: int | None = None) -> Frame:
    frame = _frame(now)
    frame.audience = _resolver((own_id,) if own_id else (), [])
    return frame


def _frame(now: datetime, last_run: datetime | None = None) -> Frame:
    return Frame(now, team.zone(), types(), _resolver((), []), last_run)


def _resolver(path: tuple[int, ...], found: list[Answer]) -> Any:
    def audience(segment_id: int, frame: Frame) -> Ids:
        segment = db.session.get(Segment, segment_id)
        if segment is None:
            raise Unavailable(f"There is no segment {segment_id} any more.")
        return _as_ids(_part(segment, frame, path, found))

    return audience


def _part(segment: Segment, frame: Frame, path: tuple[int, ...], found: list[Answer]) -> sets.Part:
    if segment.id in path or len(path) >= DEEPEST:
        raise Unavailable(f"The segment “{segment.name}” contains itself, or too many others.")
    if segment.type == "manual":
        return Ids(LISTED.format(frame.bind(segment.id)), is_once=True)
    if segment.type == "rules":
        inner = Frame(
            frame.now, frame.zone, frame.types, _resolver((*path, segment.id), found), frame.last_run, frame.said
        )
        return compiling.part(_read(segment.rules, inner), inner)
    answer = answered(segment.type, segment.selection_sql, segment.handler_function, segment.arguments, frame.now)
    found.append(answer)
    return Ids(GIVEN.format(frame.bind(answers.written(answer.ids))), is_once=True)


def answered(type_: str, sql: str | None, function: str | None, arguments: Mapping[str, Any], now: datetime) -> Answer:
    raw = wall.ids(sql or "") if type_ == "sql" else running.ids(function or "", arguments, now=now)
    return answers.settled(raw)


def _as_ids(part: sets.Part) -> Ids:
    return part if isinstance(part, Ids) else Ids(sets.of_rows(part), is_once=True, is_living=True)


def _read(raw: Any, frame: Frame) -> rules.Rule:
    try:
        return rules.read(raw, Known(frame.zone, frame.types))
    except Refused as refused:
        problem = refused.problems[0]
        raise Unavailable(f"{problem.path}: {problem.message}" if problem.path else problem.message) from None
