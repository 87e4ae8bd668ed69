"""The steps that a person takes with a file. Each says no with a sentence when somebody else was quicker."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any, BinaryIO

from sqlalchemy import func, update

from app.audit import Actor, record
from app.clock import clock
from app.customers import attribute_types
from app.db import db
from app.imports import detect, file, mapping, people_of_lists, reader, staging
from app.imports.detect import Dialect
from app.imports.file import LARGEST, TooLarge
from app.imports.upload import Import
from app.settings import team, topics

__all__ = ["LARGEST", "TooLarge"]

UNDO_FOR = timedelta(days=30)
SAMPLE = 8
GUESSED_FROM = 200  # rows


class CannotGoOn(ValueError):
    """The import is not where this step begins; the sentence says where it is."""


@dataclass(frozen=True)
class Sample:
    header: Sequence[str]
    lines: Sequence[int]
    rows: Sequence[Sequence[str]]


def begin(kind: str, filename: str, by: Actor, options: dict[str, Any] | None = None) -> Import:
    by_id = by.id if by.kind == "user" else None
    upload = Import(
        kind=kind, filename=filename[-200:], state="uploading", by_name=by.name, by_id=by_id, options=options or {}
    )
    db.session.add(upload)
    db.session.flush()
    return upload


def store(upload: Import, stream: BinaryIO) -> None:
    """The whole file, then a look at how it is written."""
    file.store(upload, stream)
    head = file.head(upload.id)
    if problem := detect.problem(head, upload.size):
        _fail(upload, problem)
        return
    _guess(upload, detect.dialect(head))


def read_again(upload: Import, dialect: dict[str, Any]) -> None:
    """A person knows better how the file is written: its columns are guessed anew."""
    _must_be(upload, "columns")
    _guess(upload, Dialect.from_json(upload.dialect | dialect))


def sample(upload: Import, rows: int = SAMPLE) -> Sample:
    dialect = Dialect.from_json(upload.dialect)
    header, found, _ = _beginning(upload, dialect, rows)
    return Sample(header, [row.line for row in found], [row.cells for row in found])


def set_columns(upload: Import, columns: list[dict[str, Any]], options: dict[str, Any]) -> dict[str, str]:
    """What is wrong with them, by column; nothing: then the file is being read."""
    _must_be(upload, "columns")
    upload.columns, upload.options = columns, options | {"zone": team.zone().key}
    if problems := mapping.problems(upload.kind, columns, _topics()) | _bound_otherwise(columns):
        return problems
    upload.staged_line = upload.staged_rows = upload.applied_through = upload.applied_rows = 0
    _work(upload, "staging")
    return {}


def back_to_columns(upload: Import) -> None:
    _must_be(upload, "preview", "failed")
    if upload.sha256 is None or not upload.dialect:
        raise CannotGoOn("This file could not be read at all; upload another one.")
    staging.forget(upload.id)
    upload.state, upload.problem, upload.failed_at, upload.error = "columns", None, None, None


def confirm(upload: Import, by: Actor) -> None:
    _must_be(upload, "preview")
    counts = upload.preview
    people_of_lists.settle(upload, by, clock())
    _work(upload, "applying")
    record(by, "confirmed", "import", (upload.id, upload.filename), None, _counts(counts))


def discard(upload: Import, by: Actor) -> None:
    """Before anything was written."""
    _must_be(upload, "uploading", "columns", "staging", "matching", "preview", "failed")
    _leave(upload, "discarded")
    file.forget(upload.id)
    record(by, "discarded", "import", (upload.id, upload.filename))


def stop(upload: Import, by: Actor) -> None:
    """In the middle: what was written stays, and can be undone."""
    if upload.state != "applying":
        discard(upload, by)
        return
    _leave(upload, "stopped")
    record(by, "stopped", "import", (upload.id, upload.filename), None, {"written": upload.applied_rows})


def may_be_undone(upload: Import, now: datetime) -> bool:
    began = upload.finished_at or upload.phase_began_at
    return upload.state in {"done", "stopped"} and began is not None and now < began + UNDO_FOR


def undo(upload: Import, by: Actor) -> None:
    _must_be(upload, "done", "stopped")
    if not may_be_undone(upload, clock()):
        raise CannotGoOn("An import can be undone for 30 days; this one is older.")
    _work(upload, "undoing")
    record(by, "undid", "import", (upload.id, upload.filename))


def _guess(upload: Import, dialect: Dialect) -> None:
    header, found, is_empty = _beginning(upload, dialect, GUESSED_FROM)
    if is_empty or (not found and upload.state == "columns"):  # a person who misread the file is told so
        _fail(upload, "There is no row below the header: nothing to import.")
        return
    upload.dialect = dialect.as_json()
    types = attribute_types.declared()
    upload.columns = mapping.guess(upload.kind, header, [row.cells for row in found], types, _topics())
    upload.state = "columns"


def _topics() -> list[str]:
    return [topic.slug for topic in topics.in_use()]


def _beginning(upload: Import, dialect: Dialect, rows: int) -> tuple[Sequence[str], list[reader.Row], bool]:
    head = io.BytesIO(file.head(upload.id))
    read = reader.rows(iter(lambda: head.read(65536), b""), dialect)
    first = next(read, None)
    good = (row for row in chain((first,), read) if isinstance(row, reader.Row))
    found = list(islice(good, rows))
    head.seek(0)
    return reader.header(iter(lambda: head.read(65536), b""), dialect), found, first is None


def _bound_otherwise(columns: list[dict[str, Any]]) -> dict[str, str]:
    """A name that is declared keeps its type, whatever the form says."""
    bound = attribute_types.declared()
    return {
        f"columns.{place}": f"{column['name']} is declared as {bound[column['name']]}; a file cannot change that."
        for place, column in enumerate(columns)
        if column.get("field") == "attribute"
        and column.get("type")
        and bound.get(column["name"], column["type"]) != column["type"]
    }


def _fail(upload: Import, problem: str) -> None:
    upload.state, upload.problem = "failed", problem
    file.forget(upload.id)


def _must_be(upload: Import, *states: str) -> None:
    """Looked at under a lock: of two who press at once, one goes on."""
    db.session.flush()
    db.session.refresh(upload, with_for_update=True)
    if upload.state not in states:
        raise CannotGoOn(f"This import is no longer there: it is {upload.state} now.")


def _work(upload: Import, state: str) -> None:
    upload.state, upload.phase_began_at, upload.waiting_since = state, clock(), clock()
    upload.attempts, upload.error, upload.failed_at, upload.problem = 0, None, None, None
    upload.not_before = upload.waiting_since


def _leave(upload: Import, state: str) -> None:
    """A worker that is busy with it finds out at its next step, by the fencing number, and writes nothing more."""
    taken = (
        update(Import)
        .where(Import.id == upload.id)
        .values(state=state, fence=Import.fence + 1, waiting_since=None, lease_until=None, finished_at=func.now())
    )
    db.session.execute(taken.execution_options(synchronize_session=False))
    db.session.refresh(upload)


def _counts(preview: dict[str, Any]) -> dict[str, Any]:
    return {name: preview.get(name) for name in ("created", "updated", "unchanged", "rejected")}
