"""Whether the same file came before: by its content, whatever it was called."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from app.db import db
from app.imports.upload import Import

WRITTEN = ("applying", "done", "stopped", "undoing", "undone")


def first_said(upload: Import) -> datetime:
    """When this very file came for the first time: what it says of consent it said then, however often it comes."""
    same = select(func.min(Import.created_date)).where(Import.sha256 == upload.sha256, Import.state.in_(WRITTEN))
    return min(upload.created_date, db.session.scalar(same) or upload.created_date)


def of_same_file(upload: Import) -> Import | None:
    if upload.sha256 is None:
        return None
    same = select(Import).where(Import.sha256 == upload.sha256, Import.id != upload.id, Import.state.in_(WRITTEN))
    return db.session.scalar(same.order_by(Import.created_date.desc(), Import.id.desc()).limit(1))
