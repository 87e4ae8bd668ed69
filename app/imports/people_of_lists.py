"""A file of whom a list of a segment shall name: found, put on it slice by slice, and taken out by an undo.

The list is there already, or is made when somebody confirms; `options` say which, by segment_id or segment_name.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from app.audit import Actor
from app.claims import Refused
from app.customers import identity
from app.customers.customer import Customer
from app.customers.who import FOUND
from app.db import db
from app.imports.staging import people_of, rows_of
from app.imports.upload import Import
from app.segments import keeping, listed, sizes
from app.segments.definition import Definition
from app.segments.segment import ListedCustomer, Segment

KIND = "segment_list"
AT_ONCE = 5_000
NO_LEAD, NO_ADDRESS = "unknown_lead", "unknown_address"
SAID = {NO_LEAD: "No customer has this lms_lead_id", NO_ADDRESS: "No customer has this e-mail address"}
COLUMN_OF = {NO_LEAD: "lms_lead_id", NO_ADDRESS: "email"}
GONE = "The list was deleted since the file was read. Choose another one and upload the file again."

# Of several rows of one person the first puts them on the list.
MATCHED = f"""
    WITH named AS (SELECT line, customer_id AS id, lms_lead_id AS lead, email, customer_id, lms_lead_id FROM {{rows}}),
    found AS MATERIALIZED ({FOUND}),
    judged AS (
      SELECT line, customer_id, lms_lead_id, email, person,
             CASE WHEN person IS NOT NULL   THEN NULL
                  WHEN is_ambiguous         THEN '{identity.AMBIGUOUS}'
                  WHEN id IS NOT NULL       THEN '{identity.UNKNOWN}'
                  WHEN lead IS NOT NULL     THEN '{NO_LEAD}'
                  ELSE '{NO_ADDRESS}' END AS problem,
             CASE WHEN row_number() OVER (PARTITION BY person ORDER BY line) > 1
                    OR EXISTS (SELECT FROM customer_segment_customer_list l
                                WHERE l.customer_segment_id = :segment AND l.customer_id = person)
                  THEN 'unchanged' ELSE 'created' END AS outcome
        FROM found
    )
    SELECT *, problem IS NULL AND outcome = 'created' AS writes FROM judged ORDER BY line
"""
NEXT = "SELECT line, person FROM {table} WHERE writes AND line > :after ORDER BY line LIMIT :limit"


def matched(upload: Import) -> str:
    return MATCHED.format(rows=rows_of(upload))


def told(upload: Import) -> dict[str, Any]:
    return {"segment": upload.options.get("segment_id") or 0}


def is_list(segment: Segment | None) -> bool:
    return segment is not None and segment.type == "manual"


def name_of(upload: Import) -> str:
    """Of the list that they are put on; what it will be called, while there is none."""
    segment = _segment(upload)
    return segment.name if segment else upload.options.get("segment_name") or "a list that was deleted"


def id_of(upload: Import) -> int | None:
    segment = _segment(upload)
    return segment.id if segment else None


def settle(upload: Import, by: Actor, now: datetime) -> None:
    """A list that is new is made when its people are about to come."""
    if upload.kind == KIND and not upload.options.get("segment_id"):
        made = keeping.create(Definition(upload.options["segment_name"], "manual"), now, by)
        upload.options = upload.options | {"segment_id": made.id}


def write(upload: Import) -> tuple[int, list[int]]:
    """The next slice: how many rows it had, and who of them is no customer any more."""
    asked = text(NEXT.format(table=people_of(upload)))
    rows = db.session.execute(asked, {"after": upload.applied_through, "limit": AT_ONCE}).all()
    if not rows:
        return 0, []
    people = [row.person for row in rows]
    put = listed.put(_held(upload), people, upload.said, upload.id)
    upload.applied_through, upload.applied_rows = rows[-1].line, upload.applied_rows + len(rows)
    counts = upload.preview
    upload.preview = counts | {
        "created": counts["created"] - len(put.there_already),
        "unchanged": counts["unchanged"] + len(put.there_already),
    }
    return len(rows), put.gone


def finish(upload: Import, now: datetime) -> None:
    segment = _held(upload)
    if added := upload.preview["created"]:
        by = Actor("user" if upload.by_id else "system", upload.by_id, upload.by_name)
        listed.say_added(segment, added, upload.said, by)
    sizes.measure(segment, now)


def undo(upload: Import, now: datetime) -> Iterator[int]:
    """Takes out whom it put in, a slice at a time; whoever was put in again by others stays."""
    while gone := listed.take_out(upload.id, AT_ONCE):
        yield gone
    if segment := _segment(upload):
        sizes.measure(segment, now)


def some(upload: Import, most: int) -> list[Customer]:
    mine = select(ListedCustomer.customer_id).where(ListedCustomer.import_id == upload.id)
    known = select(Customer).where(Customer.id.in_(mine), Customer.erased_at.is_(None))
    return list(db.session.scalars(known.order_by(Customer.id).limit(most)))


def _segment(upload: Import) -> Segment | None:
    segment = keeping.find(upload.options.get("segment_id") or 0)
    return segment if is_list(segment) else None


def _held(upload: Import) -> Segment:
    """Nobody deletes it before this slice is written."""
    wanted = select(Segment).where(Segment.id == upload.options.get("segment_id"), Segment.type == "manual")
    segment = db.session.scalar(wanted.with_for_update(read=True))
    if segment is None:
        raise Refused(GONE)
    return segment
