"""Segments are created, changed, copied, archived and deleted here, each with its version and its trail."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from app.audit import Actor, record
from app.db import db
from app.problem import Problem, must_last
from app.segments import definition, listed, usage
from app.segments.definition import Definition
from app.segments.segment import Segment, SegmentVersion
from app.segments.usage import User


class Changed(Exception):
    """Somebody else has saved it meanwhile."""


class Gone(Exception):
    """Somebody else has deleted it meanwhile."""


class Used(Exception):
    """It may not go: these use it."""

    def __init__(self, by: list[User]) -> None:
        super().__init__("It is used.")
        self.by = by


def find(segment_id: int) -> Segment | None:
    return db.session.get(Segment, segment_id) if segment_id < 2**63 else None


def create(wanted: Definition, now: datetime, by: Actor) -> Segment:
    segment = Segment(**wanted.kept(), changed_by=by.name, created_date=now, updated_date=now)
    db.session.add(segment)
    db.session.flush()
    _keep_version(segment, now, by)
    record(by, "created", "segment", (str(segment.id), segment.name), None, wanted.kept())
    return segment


def change(segment: Segment, wanted: Definition, version: int, now: datetime, by: Actor) -> Segment:
    """Raises Changed where `version` is not the present one: nobody overwrites what they have not seen."""
    held = _locked(segment.id)
    must_last(held)
    if held.version != version:
        raise Changed
    before, after = definition.of(held).kept(), wanted.kept()
    if _same(before, after):
        return held
    for name, value in after.items():
        setattr(held, name, value)
    held.version, held.updated_date, held.changed_by = held.version + 1, now, by.name
    held.size = held.sized_at = held.size_problem = None
    _keep_version(held, now, by)
    record(by, "changed", "segment", (str(held.id), held.name), before, after)
    return held


def duplicate(segment: Segment, now: datetime, by: Actor) -> Segment:
    wanted = replace(definition.of(segment), name=f"{segment.name[: definition.LONGEST_NAME - 7]} (copy)")
    made = create(wanted, now, by)
    listed.copy(segment, made)
    return made


def archive(segment: Segment, now: datetime, by: Actor) -> None:
    """It leaves the lists and menus; whoever uses it goes on."""
    must_last(segment)
    if segment.archived_at is None:
        segment.archived_at = now
        record(by, "archived", "segment", (str(segment.id), segment.name))


def restore(segment: Segment, by: Actor) -> None:
    if segment.archived_at is not None:
        segment.archived_at = None
        record(by, "restored", "segment", (str(segment.id), segment.name))


def delete(segment: Segment, by: Actor) -> None:
    """Raises Used, naming everybody who uses it."""
    held = _locked(segment.id)
    must_last(held)
    if users := usage.of(held.id):
        raise Used(users)
    record(by, "deleted", "segment", (str(held.id), held.name), definition.of(held).kept(), None)
    db.session.delete(held)
    db.session.flush()


def versions(segment: Segment) -> list[SegmentVersion]:
    """The latest first."""
    mine = select(SegmentVersion).where(SegmentVersion.segment_id == segment.id)
    return list(db.session.scalars(mine.order_by(SegmentVersion.version.desc()).limit(100)))


def is_still(segment: Segment) -> bool:
    """Nobody has changed or deleted it while it was computed, and from here on nobody can."""
    held = select(Segment.version).where(Segment.id == segment.id).with_for_update()
    return db.session.scalar(held) == segment.version


def held(segment_id: int) -> Segment | None:
    """From here on nobody changes it or begins to use it."""
    wanted = select(Segment).where(Segment.id == segment_id).with_for_update()
    return db.session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()


def circle(wanted: Definition, own_id: int | None) -> list[Problem]:
    """Rules that lead back to this very segment, or to one that is not there."""
    return usage.problems(wanted.rules, own_id) if wanted.type == "rules" else []


def _locked(segment_id: int) -> Segment:
    found = held(segment_id)
    if found is None:
        raise Gone
    return found


def _keep_version(segment: Segment, now: datetime, by: Actor) -> None:
    kept = definition.of(segment).kept()
    db.session.add(
        SegmentVersion(
            segment_id=segment.id, version=segment.version, definition=kept, by_name=by.name, created_date=now
        )
    )
    db.session.flush()


def _same(before: object, after: object) -> bool:
    return json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)
