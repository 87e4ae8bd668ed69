"""A file on its journey, as a person and a worker would take it there together."""

from __future__ import annotations

import io
from typing import Any

from sqlalchemy import select

from app.audit import Actor
from app.clock import clock
from app.customers.customer import Customer
from app.db import db
from app.imports import jobs, journey
from app.imports.upload import Import, ImportReject

MAX = Actor("system", None, "Max")


def bring(content: str | bytes, kind: str = "customers", name: str = "file.csv", **options: Any) -> Import:
    """Up to its preview."""
    upload = uploaded(content, kind, name)
    assert upload.state == "columns", upload.problem
    assert journey.set_columns(upload, upload.columns, {"keep_empty": True, "create": True} | options) == {}
    db.session.commit()
    return carried_on(upload)


def uploaded(content: str | bytes, kind: str = "customers", name: str = "file.csv") -> Import:
    upload = journey.begin(kind, name, MAX)
    journey.store(upload, io.BytesIO(content.encode() if isinstance(content, str) else content))
    db.session.commit()
    return upload


def written(content: str | bytes, kind: str = "customers", **options: Any) -> Import:
    return confirmed(bring(content, kind, **options))


def confirmed(upload: Import) -> Import:
    journey.confirm(upload, MAX)
    db.session.commit()
    return carried_on(upload)


def undone(upload: Import) -> Import:
    journey.undo(upload, MAX)
    db.session.commit()
    return carried_on(upload)


def carried_on(upload: Import) -> Import:
    jobs.carry_on()
    db.session.expire_all()
    return db.session.get_one(Import, upload.id)


def some_steps(upload: Import, steps: int) -> None:
    """A worker that does so much, commits it, and is killed in the middle of the next step."""
    work = jobs.go_on(upload.id, clock())
    for _ in range(steps):
        next(work)
        db.session.commit()
    next(work)
    db.session.rollback()
    work.close()
    db.session.expire_all()


def counts(upload: Import) -> tuple[int, int, int, int]:
    return upload.created, upload.updated, upload.unchanged, upload.rejected


def foreseen(upload: Import) -> tuple[int, int, int, int]:
    return tuple(upload.preview[name] for name in ("created", "updated", "unchanged", "rejected"))  # type: ignore[return-value]


def by_lead(lead: str) -> Customer | None:
    return db.session.scalar(select(Customer).where(Customer.lms_lead_id == lead))


def rejects(upload: Import) -> list[tuple[int, str | None, str]]:
    rows = db.session.scalars(
        select(ImportReject).where(ImportReject.import_id == upload.id).order_by(ImportReject.line)
    )
    return [(row.line, row.column_name, row.code) for row in rows]
