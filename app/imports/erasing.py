"""Files hold everybody. One that names an erased person is forgotten as a whole: once it is written, it serves nothing
but being read again. What it did stays, and can be undone for everybody else.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import select, text

from app.claims import NotYet
from app.clock import clock
from app.customers.erasing import Person
from app.db import db, plain
from app.imports import file, staging
from app.imports.detect import Dialect
from app.imports.upload import AT_WORK, Import, ImportChunk

WAITS = ("uploading", "columns", "preview")
OVERLAP = 1_000  # characters: a name may lie across two chunks
AT_WORK_SAID = "A file that names this person is being worked on; they are erased after it."
LEFT = "Somebody in this file was erased meanwhile. Upload it again without them."
BLANKED = "This row named somebody who was erased."

CHANGED = text(
    """
    SELECT import_id FROM customers WHERE id = ANY (:ids) AND import_id IS NOT NULL
    UNION SELECT import_id FROM attribute_changes WHERE customer_id = ANY (:ids) AND import_id IS NOT NULL
    UNION SELECT import_id FROM customer_segment_customer_list WHERE customer_id = ANY (:ids) AND import_id IS NOT NULL
    """
)
REJECTS = text(
    """
    UPDATE import_rejects SET row = '', column_name = NULL, reason = :said
     WHERE row <> '' AND lower(row || ' ' || reason) ~ :named
    RETURNING 1
    """
)
KNOWN = "SELECT id, filename, created_date FROM imports WHERE id = ANY (:ids) ORDER BY id"


def origins(ids: Collection[int]) -> set[int]:
    """The files that created or changed them; asked before their history goes."""
    return set(db.session.scalars(CHANGED, {"ids": list(ids)}))


def erase(person: Person, pointed: Collection[int]) -> Iterator[dict[str, int]]:
    named = _named(person)
    with_file = select(ImportChunk.import_id).where(ImportChunk.number == 0)
    for import_id in db.session.scalars(select(Import.id).where(Import.id.in_(with_file)).order_by(Import.id)).all():
        if import_id in pointed or _names(import_id, named):
            yield {"files": _forget(import_id)}
    if named:
        rows = db.session.execute(REJECTS, {"named": named.pattern, "said": BLANKED}).all()
        yield {"refused rows": len(rows)}


def export(ids: Collection[int]) -> dict[str, list[dict[str, Any]]]:
    """Which files told of them; what else these say is about others."""
    return {"imports": plain(KNOWN, ids=sorted(ids))}


def _named(person: Person) -> re.Pattern[str] | None:
    """An address anywhere, a lead id as a whole word; both PostgreSQL and Python read it so."""
    ways = [re.escape(email) for email in person.emails]
    ways += [rf"(?:^|[^\w-]){re.escape(lead.lower())}(?:$|[^\w-])" for lead in person.leads]
    return re.compile("|".join(ways)) if ways else None


def _names(import_id: int, named: re.Pattern[str] | None) -> bool:
    if named is None:
        return False
    dialect = Dialect.from_json(db.session.get_one(Import, import_id).dialect)
    decoder, before = codecs.getincrementaldecoder(dialect.encoding)("replace"), ""
    for chunk in file.chunks(import_id):
        said = before + decoder.decode(chunk).lower()
        if named.search(said):
            return True
        before = said[-OVERLAP:]
    return False


def _forget(import_id: int) -> int:
    upload = db.session.get_one(Import, import_id, populate_existing=True, with_for_update=True)
    if upload.state in AT_WORK:
        raise NotYet(AT_WORK_SAID, timedelta(seconds=30))
    if upload.state in WAITS:
        upload.state, upload.problem, upload.finished_at = "discarded", LEFT, clock()
    file.forget(import_id)
    staging.forget(import_id)
    return 1
