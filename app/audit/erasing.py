"""The trail keeps who did what and when; of an erased person it forgets what they were before and after."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import text

from app.db import db, plain

# About them, or quoting them: an address anywhere, a lead id or a name as a whole word of the entry or of a filter.
NAMES = """
    (subject_type = 'customer' AND subject_id = ANY (:ids)
     OR EXISTS (SELECT FROM unnest(CAST(:quoted AS text[])) AS said(word)
                 WHERE position(said.word IN lower(concat_ws(' ', subject_name, before, after))) > 0))
"""
IN_NAME = """
    EXISTS (SELECT FROM unnest(CAST(:quoted AS text[])) AS said(word)
             WHERE position(said.word IN lower(subject_name)) > 0)
"""
BLANK = text(
    f"""
    UPDATE audit
       SET before = NULL, after = NULL,
           subject_name = CASE WHEN subject_type = 'customer' THEN 'Customer ' || coalesce(subject_id, '?')
                               WHEN {IN_NAME} THEN 'somebody who was erased'
                               ELSE subject_name END
     WHERE {NAMES} AND (before IS NOT NULL OR after IS NOT NULL OR subject_type = 'customer'
                        OR {IN_NAME})
    RETURNING 1
    """
)
KNOWN = "SELECT at, verb, before, after FROM audit WHERE subject_type = 'customer' AND subject_id = :id ORDER BY id"


def erase(ids: Sequence[int], emails: Collection[str], words: Collection[str]) -> Iterator[dict[str, int]]:
    """`words`: what they were called beside their addresses, each as a whole."""
    quoted = [*emails, *(form.format(word.lower()) for word in words for form in ('"{}"', ':{}"'))]
    db.session.execute(text("SELECT set_config('campus.passage', 'erasure', true)"))
    blanked = db.session.execute(BLANK, {"ids": [str(one) for one in ids], "quoted": quoted}).all()
    yield {"entries": len(blanked)}


def export(customer_id: int) -> dict[str, list[dict[str, Any]]]:
    """What was done with their record; who of the team did it is not theirs."""
    return {"audit": plain(KNOWN, id=str(customer_id))}
