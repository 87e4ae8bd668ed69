"""Whether the same file came before: by its content, whatever it was called."""

from __future__ import annotations

from sqlalchemy import select

from app.db import db
from app.imports.upload import Import

WRITTEN = ("applying", "done", "stopped", "undoing", "undone")


def of_same_file(upload: Import) -> Import | None:
    if upload.sha256 is None:
        return None
    same = select(Import).where(Import.sha256 == upload.sha256, Import.id != upload.id, Import.state.in_(WRITTEN))
    return db.session.scalar(same.order_by(Import.created_date.desc(), Import.id.desc()).limit(1))
