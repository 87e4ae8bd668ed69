"""What ended imports leave behind: staged rows at once, files and refused rows when they can no longer be undone."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select, text

from app.db import db
from app.imports import file, staging
from app.imports.journey import UNDO_FOR
from app.imports.upload import AT_WORK, Import, ImportChunk, ImportReject

AT_REST = ("done", "undone", "stopped", "discarded", "failed")
CUT_AFTER = timedelta(days=1)
AT_ONCE = 100

STAGED = text("SELECT DISTINCT substring(tablename FROM '\\d+')::bigint FROM pg_tables WHERE schemaname = 'staging'")


def tidy(now: datetime) -> None:
    _forget_cut_uploads(now)
    _forget_staged_rows()
    _forget_old_files(now)


def _forget_cut_uploads(now: datetime) -> None:
    """Rows whose file never arrived."""
    db.session.execute(delete(Import).where(Import.state == "uploading", Import.created_date < now - CUT_AFTER))


def _forget_staged_rows() -> None:
    kept = set(db.session.scalars(select(Import.id).where(Import.state.not_in(AT_REST))))
    for import_id in set(db.session.scalars(STAGED)) - kept:
        # Whoever still reads it (a worker that lost the row just now) is not waited for: the next time will do.
        db.session.execute(text("SET LOCAL lock_timeout = '1s'"))
        staging.forget(import_id)


def _forget_old_files(now: datetime) -> None:
    with_file = select(ImportChunk.import_id).where(ImportChunk.number == 0)
    old = select(Import).where(Import.created_date < now - UNDO_FOR, Import.state.not_in(AT_WORK))
    for upload in db.session.scalars(old.where(Import.id.in_(with_file)).limit(AT_ONCE)):
        file.forget(upload.id)
        db.session.execute(delete(ImportReject).where(ImportReject.import_id == upload.id))
        if upload.state in {"columns", "preview"}:
            upload.state = "discarded"
