"""Writing: slice by slice, each with the mark of how far it came, so that nothing is written twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from app.catalogue import carts, orders
from app.claims import Refused
from app.customers import attribute_types, upsert
from app.customers.upsert import APPEARED, writing
from app.customers.who import Who
from app.db import db
from app.events import intake, pending
from app.events.incoming import Incoming, Origin
from app.imports import consenting, matching, people_of_lists, products
from app.imports.staging import people_of, says_consent
from app.imports.upload import Import

PEOPLE = 10_000
MOVES = 2_000

NEXT = "SELECT * FROM {table} WHERE writes AND person > :after ORDER BY person LIMIT :limit"
SLICE = """
    WITH {next}{writing}
    SELECT (SELECT count(*) FROM {walked})                                                    AS rows,
           (SELECT max(person) FROM {walked})                                                 AS through,
           ARRAY(SELECT person FROM rows WHERE NOT is_new EXCEPT SELECT id FROM changed {gone}) AS gone,
           ARRAY(SELECT person FROM rows WHERE is_new EXCEPT SELECT id FROM inserted)         AS met,
           ARRAY({appeared})                                                                  AS appeared
"""
# Since the preview somebody else created them: what is left of these rows is a change.
MET = """
    UPDATE {table} p SET is_new = false, person = c.id
      FROM customers c
     WHERE p.person = ANY (:people) AND p.is_new
       AND c.lms_lead_id = (SELECT max(lms_lead_id) FROM {table} same WHERE same.person = p.person)
    RETURNING c.id
"""
# The same for people who have only an address: the one who has it now and is not of this import's making.
MET_BY_ADDRESS = """
    UPDATE {table} p SET is_new = false, person = there.id
      FROM (SELECT p.person, min(c.id) AS id
              FROM (SELECT person, lower(min(email)) AS address FROM {table}
                     WHERE writes AND person > :after AND person <= :through AND is_new
                     GROUP BY person HAVING max(lms_lead_id) IS NULL) p
              JOIN customers c ON c.email_folded = p.address
             WHERE c.erased_at IS NULL AND c.import_id IS DISTINCT FROM :import_id
               AND NOT EXISTS (SELECT FROM {table} own WHERE own.person = c.id)
             GROUP BY p.person HAVING count(*) = 1) there
     WHERE p.person = there.person
    RETURNING p.person
"""


def apply(upload: Import, now: datetime) -> Iterator[None]:
    if not upload.applied_through:
        _bind_types(upload)
    while _write(upload, now):
        yield
    _finish(upload, now)
    yield


def _write(upload: Import, now: datetime) -> int:
    """The next slice: how many rows it had."""
    if upload.kind == "customers":
        return _write_people(upload, now)
    if upload.kind == products.KIND:
        return products.write(upload, now)
    return _write_listed(upload) if upload.kind == people_of_lists.KIND else _write_moves(upload, now)


def _bind_types(upload: Import) -> None:
    said = {c["name"]: c["type"] for c in upload.columns if c.get("field") == "attribute" and c.get("type")}
    others = attribute_types.declare(said)
    if others:
        name, kind = next(iter(others.items()))
        raise Refused(f"{name} was declared as {kind} since the file was read. Choose its type again.")
    attribute_types.observe(upload.preview.get("observed", {}))


def _write_people(upload: Import, now: datetime) -> int:
    upsert.lock()
    # Whoever fills the pending list of a GIN index empties it, in portions of work_mem: the larger, the fewer pages.
    db.session.execute(text("SET LOCAL work_mem = '128MB'"))
    table = people_of(upload)
    if upload.preview["addressed"]:
        _meet_by_address(upload, now)
    done = _slice(upload, NEXT.format(table=table), {"after": upload.applied_through, "limit": PEOPLE}, now)
    if done.met:
        _write_met(upload, done.met, now)
    if done.rows:
        upload.applied_through = done.through
        upload.applied_rows += done.rows - len(done.met)
        _refuse(upload, done.gone)
        _join(done.appeared)
    return int(done.rows)


def _slice(upload: Import, rows: str, said: dict[str, Any], now: datetime) -> Any:
    parts = {"next": "", "walked": "rows", "gone": "", "writing": writing(rows)}
    if says_consent(upload):
        parts = consenting.SLICE | {"next": consenting.NEXT.format(rows=rows), "writing": writing(consenting.CHANGED)}
    statement = SLICE.format(**parts, appeared=APPEARED)
    done = db.session.execute(text(statement), said | upsert.told(upload.said, upload.id, now)).one()
    if says_consent(upload) and done.rows:
        consenting.hear(upload, rows, said)
    return done


def _write_met(upload: Import, people: Sequence[int], now: datetime) -> None:
    met = db.session.scalars(text(MET.format(table=people_of(upload))), {"people": list(people)})
    _write_changed(upload, list(met), now)


def _meet_by_address(upload: Import, now: datetime) -> None:
    table = people_of(upload)
    asked = {"after": upload.applied_through, "limit": PEOPLE}
    through = db.session.scalar(text(f"SELECT max(person) FROM ({NEXT.format(table=table)}) next"), asked)
    said = {"after": upload.applied_through, "through": through, "import_id": upload.id}
    met = db.session.scalars(text(MET_BY_ADDRESS.format(table=table)), said)
    _write_changed(upload, list(met), now)


def _write_changed(upload: Import, people: Sequence[int], now: datetime) -> None:
    """They would have been created, and are there by now."""
    if not people:
        return
    table, met = people_of(upload), {"met": list(set(people))}
    done = _slice(upload, f"SELECT * FROM {table} WHERE writes AND person = ANY (:met)", met, now)
    # Their ids may lie ahead of the slices.
    db.session.execute(text(f"UPDATE {table} SET writes = false WHERE person = ANY (:met)"), met)
    counts = upload.preview
    upload.preview = counts | {"created": counts["created"] - done.rows, "updated": counts["updated"] + done.rows}
    upload.applied_rows += done.rows
    _join(done.appeared)


def _refuse(upload: Import, gone: Sequence[int]) -> None:
    """Erased or merged between preview and writing: all their rows change from what they were to refused."""
    if not gone:
        return
    table = people_of(upload)
    rows = db.session.execute(
        text(f"SELECT line, outcome FROM {table} WHERE person = ANY (:gone)"), {"gone": list(gone)}
    )
    found = {row.line: row.outcome for row in rows}
    matching.refuse(upload, dict.fromkeys(found, "gone"))
    counts = dict(upload.preview)
    for outcome in found.values():
        counts[outcome] -= 1
    upload.preview = counts | {"rejected": upload.rejected}


def _join(appeared: Sequence[int]) -> None:
    """What waited for somebody who is here now."""
    pending.join(appeared)
    carts.join(appeared)
    orders.join(appeared)


def _write_moves(upload: Import, now: datetime) -> int:
    rows = db.session.execute(
        text(f"SELECT * FROM {people_of(upload)} WHERE writes AND line > :after ORDER BY line LIMIT :limit"),
        {"after": upload.applied_through, "limit": MOVES},
    ).all()
    if rows:
        tally = intake.store([_incoming(row) for row in rows], Origin(import_id=upload.id), now)
        upload.applied_through = rows[-1].line
        upload.applied_rows += len(rows)
        matching.refuse(upload, {reject.index: reject.code for reject in tally.rejects})
        counts, lost = upload.preview, len(tally.rejects) + tally.unchanged
        upload.preview = counts | {
            "created": counts["created"] - lost,
            "unchanged": counts["unchanged"] + tally.unchanged,
            "rejected": upload.rejected,
        }
    return len(rows)


def _incoming(row: Any) -> Incoming:
    return Incoming(
        index=row.line,
        kind="funnel",
        who=Who(row.customer_id, row.lms_lead_id, row.email),
        name=row.funnel_type,
        occurred_at=row.created_date,
        source_id=row.source_id,
        from_stage=row.from_stage,
        to_stage=row.to_stage,
    )


def _write_listed(upload: Import) -> int:
    rows, gone = people_of_lists.write(upload)
    _refuse(upload, gone)
    return rows


def _finish(upload: Import, now: datetime) -> None:
    counts = upload.preview
    if upload.applied_rows != counts["writes"]:
        raise Refused("Rows that were ready to be written are missing. Check the file again: nothing counts twice.")
    upload.created, upload.updated, upload.unchanged = (counts[outcome] for outcome in matching.OUTCOMES)
    if upload.kind == people_of_lists.KIND:
        people_of_lists.finish(upload, now)
    upload.state, upload.finished_at = "done", now
