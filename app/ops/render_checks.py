"""Draws a published version for everybody of a segment and keeps what is wrong with it. Nothing is sent.

What would trigger the mail has not happened, so its facts are those of the previews, the same for everybody.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app import running
from app.audit import Actor, record
from app.claims import Refused
from app.clock import clock
from app.content import knowledge, rendering, samples, versions
from app.content.knowledge import Person
from app.content.language import Problem, Skip
from app.content.language import Refused as TooMuch
from app.content.rendering import Mail, Rendered
from app.content.template import MessageTemplate, TemplateVersion
from app.db import db
from app.ops.render_check import RenderCheck
from app.ops.render_report import Report
from app.segments import audience, portions
from app.segments.audience import Audience
from app.segments.segment import Segment
from app.segments.unavailable import Unavailable
from app.settings import team

SLICE = 1_000  # people between two commits
AHEAD = 20_000  # people whom one question to the segment brings: it may take seconds
SHOWN = 10
HERE = ""  # in our own pages pictures come from wherever these are


def begin(template: MessageTemplate, version: TemplateVersion, segment: Segment, by: Actor) -> RenderCheck:
    check = RenderCheck(version_id=version.id, segment_id=segment.id, by_name=by.name)
    db.session.add(check)
    db.session.flush()
    record(by, "checked for everybody", "template", (str(template.id), template.name))
    return check


def cancel(check: RenderCheck, now: datetime) -> None:
    if check.is_at_work:
        check.cancelled_at = now


def find(check_id: int) -> RenderCheck | None:
    return db.session.get(RenderCheck, check_id) if check_id < 2**63 else None


def of(template_id: int) -> list[tuple[RenderCheck, TemplateVersion, Segment]]:
    """The latest first."""
    rows = (
        select(RenderCheck, TemplateVersion, Segment)
        .join(TemplateVersion, TemplateVersion.id == RenderCheck.version_id)
        .join(Segment, Segment.id == RenderCheck.segment_id)
        .where(TemplateVersion.template_id == template_id)
        .order_by(RenderCheck.id.desc())
        .limit(SHOWN)
    )
    return [(row[0], row[1], row[2]) for row in db.session.execute(rows)]


@dataclass(frozen=True)
class Progress:
    share: float | None  # 0 to 1
    rate: float | None  # people a second
    left: float | None  # seconds


def progress(check: RenderCheck) -> Progress:
    report = Report.read(check.report)
    share = min(check.done / check.planned, 1.0) if check.planned else None
    left = (check.planned - check.done) / report.rate if check.planned and report.rate else None
    return Progress(share, report.rate, max(left, 0.0) if left is not None else None)


def go_on(check_id: int, now: datetime) -> Iterator[None]:
    """From wherever it stands, slice by slice."""
    check = db.session.get_one(RenderCheck, check_id, populate_existing=True)
    if check.cancelled_at:
        return
    people, mail = _audience(check, now), _mail(check, running.config().base_url)
    if check.planned is None:
        check.planned = _asked(lambda: audience.count(people))
        yield
    for ids in _slices(people, check):
        _draw(check, mail, ids)
        yield
        db.session.refresh(check)
        if check.cancelled_at:
            return
    check.planned, check.finished_at = check.done, clock()


def drawn(check: RenderCheck, customer_id: int) -> Rendered | None:
    """The mail of one person, as the check saw it. Raises Skip."""
    person = next(iter(knowledge.people([customer_id])), None)
    if person is None:
        return None
    return _mail(check, HERE).render(_known(person, knowledge.common()), team.zone())


def _audience(check: RenderCheck, now: datetime) -> Audience:
    segment = db.session.get_one(Segment, check.segment_id, populate_existing=True)
    return _asked(lambda: audience.of(segment, now))  # type: ignore[no-any-return]


def _mail(check: RenderCheck, base_url: str) -> Mail:
    version = db.session.get_one(TemplateVersion, check.version_id)
    return rendering.compiled(versions.frozen(version, base_url))


def _slices(people: Audience, check: RenderCheck) -> Iterator[Sequence[int]]:
    after = check.after_id
    while ids := _asked(lambda: portions.ids(people, after, AHEAD)):  # noqa: B023 — called at once
        for start in range(0, len(ids), SLICE):
            yield ids[start : start + SLICE]
        after = ids[-1]


def _draw(check: RenderCheck, mail: Mail, ids: Sequence[int]) -> None:
    begun, report, shared, zone = time.monotonic(), Report.read(check.report), knowledge.common(), team.zone()
    for person in knowledge.people(ids):
        _draw_one(report, mail, person.id, _known(person, shared), zone)
    report.drawn += len(ids)
    report.seconds += time.monotonic() - begun
    check.done, check.after_id, check.report = check.done + len(ids), ids[-1], report.kept()


def _draw_one(report: Report, mail: Mail, customer_id: int, known: dict[str, Any], zone: ZoneInfo) -> None:
    try:
        drawn = mail.render(known, zone)
    except Skip as skip:
        report.skipped(customer_id, skip.field)
    except TooMuch as refused:
        report.failed(customer_id, _first(refused.problems))
    else:
        report.mail(customer_id, len(drawn.html.encode()), drawn.missing, drawn.empty)


def _known(person: Person, shared: dict[str, Any]) -> dict[str, Any]:
    return knowledge.of(person, shared, samples.FACTS, knowledge.urls(person.id, running.config().base_url))


def _first(problems: Sequence[Problem]) -> str:
    return str(problems[0]) if problems else "It cannot be drawn."


def _asked(question: Any) -> Any:
    """A segment that cannot be computed is nobody's fault here: the check says why, and ends."""
    try:
        return question()
    except Unavailable as why:
        raise Refused(why.said) from None
