"""The people of a manual list: added one by one, pasted, or from a file; unknown ids are named, never dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import text

from app.audit import Actor, record
from app.db import db
from app.segments import answers
from app.segments.segment import Segment

MOST_PASTED = 100_000
MOST_NAMED = 100  # unknown ones that are said by name
ADD = text(
    """
    INSERT INTO customer_segment_customer_list (customer_segment_id, customer_id, source)
    SELECT :segment, c.id, :source FROM customers c
     WHERE c.id = ANY (CAST(:ids AS bigint[])) AND c.erased_at IS NULL
     ORDER BY c.id
    ON CONFLICT DO NOTHING
    RETURNING customer_id
    """
)
REMOVE = text(
    """
    DELETE FROM customer_segment_customer_list
     WHERE customer_segment_id = :segment AND customer_id = ANY (CAST(:ids AS bigint[]))
    RETURNING customer_id
    """
)
# A lead id, or an e-mail address where there is an @; an address that a family shares means all of them.
FIND = text(
    """
    SELECT said.word, c.id
      FROM unnest(CAST(:words AS text[])) AS said(word)
      LEFT JOIN LATERAL (
        SELECT id FROM customers WHERE lms_lead_id = said.word AND erased_at IS NULL
        UNION
        SELECT customer_id FROM customer_aliases a WHERE a.lms_lead_id = said.word
        UNION
        SELECT id FROM customers
         WHERE position('@' IN said.word) > 0 AND email_folded = lower(said.word) AND erased_at IS NULL
      ) c ON true
    """
)


COUNT = text(
    """
    SELECT count(*) FROM customer_segment_customer_list l JOIN customers c ON c.id = l.customer_id
     WHERE l.customer_segment_id = :segment AND c.erased_at IS NULL
    """
)
COPY = text(
    """
    INSERT INTO customer_segment_customer_list (customer_segment_id, customer_id, source)
    SELECT :copy, customer_id, source FROM customer_segment_customer_list
     WHERE customer_segment_id = :segment
     ORDER BY customer_id
    """
)
OTHERS = text(
    """
    SELECT customer_id FROM customer_segment_customer_list
     WHERE customer_segment_id = :segment AND customer_id <> ALL (CAST(:ids AS bigint[]))
    """
)


PUT = text(
    """
    WITH people AS MATERIALIZED (
      SELECT c.id FROM customers c
       WHERE c.id = ANY (CAST(:ids AS bigint[])) AND c.erased_at IS NULL ORDER BY c.id FOR KEY SHARE
    ),
    added AS (
      INSERT INTO customer_segment_customer_list (customer_segment_id, customer_id, source, import_id)
      SELECT :segment, id, :source, :import_id FROM people ORDER BY id
      ON CONFLICT DO NOTHING
      RETURNING customer_id
    )
    SELECT ARRAY(SELECT id FROM people EXCEPT SELECT customer_id FROM added)              AS there,
           ARRAY(SELECT unnest(CAST(:ids AS bigint[])) EXCEPT SELECT id FROM people)      AS gone
    """
)
TAKE_OUT = text(
    """
    DELETE FROM customer_segment_customer_list
     WHERE id IN (SELECT id FROM customer_segment_customer_list WHERE import_id = :id ORDER BY id LIMIT :most)
    """
)


@dataclass(frozen=True)
class Put:
    there_already: list[int]
    gone: list[int]  # no customers


@dataclass
class Outcome:
    added: int = 0
    removed: int = 0
    there_already: int = 0
    unknown: list[str] = field(default_factory=list)


def words_of(pasted: str) -> list[str]:
    """Ids and addresses, one a line or parted by commas, semicolons or blanks."""
    parted = pasted.replace("\0", " ").replace(",", " ").replace(";", " ").split()
    return list(dict.fromkeys(word.strip("\"'") for word in parted if word.strip("\"'")))


def add_named(segment: Segment, words: Sequence[str], source: str, by: Actor) -> Outcome:
    """By lead id or address."""
    ids, unknown = _found(words)
    outcome = add(segment, ids, source, by)
    outcome.unknown = unknown
    return outcome


def remove_named(segment: Segment, words: Sequence[str], by: Actor) -> Outcome:
    ids, unknown = _found(words)
    return Outcome(removed=remove(segment, ids, by), unknown=unknown)


def set_named(segment: Segment, words: Sequence[str], source: str, by: Actor) -> Outcome:
    """These, and nobody else."""
    ids, unknown = _found(words)
    others = db.session.scalars(OTHERS, {"segment": segment.id, "ids": answers.written(ids)}).all()
    outcome = add(segment, ids, source, by)
    outcome.removed, outcome.unknown = remove(segment, others, by), unknown
    return outcome


def add(segment: Segment, customer_ids: Sequence[int], source: str, by: Actor) -> Outcome:
    """By customer id; whoever is no customer is unknown."""
    asked = {"segment": segment.id, "ids": answers.written(customer_ids), "source": source}
    added = db.session.scalars(ADD, asked).all()
    if added:
        _touch(segment)
        say_added(segment, len(added), source, by)
    return Outcome(added=len(added), there_already=len(customer_ids) - len(added))


def put(segment: Segment, customer_ids: Sequence[int], source: str, import_id: int) -> Put:
    """A slice of many; whoever puts them says so once, when all are there."""
    asked = {"segment": segment.id, "ids": answers.written(customer_ids), "source": source, "import_id": import_id}
    done = db.session.execute(PUT, asked).one()
    return Put(done.there, done.gone)


def say_added(segment: Segment, count: int, source: str, by: Actor) -> None:
    record(by, "added people", "segment", (str(segment.id), segment.name), None, {"added": count, "source": source})


def take_out(import_id: int, most: int) -> int:
    """Whom this import put on a list: how many of them left."""
    return db.session.execute(TAKE_OUT, {"id": import_id, "most": most}).rowcount  # type: ignore[attr-defined,no-any-return]


def remove(segment: Segment, customer_ids: Sequence[int], by: Actor) -> int:
    gone = db.session.scalars(REMOVE, {"segment": segment.id, "ids": answers.written(customer_ids)}).all()
    if gone:
        _touch(segment)
        record(by, "removed people", "segment", (str(segment.id), segment.name), {"removed": len(gone)}, None)
    return len(gone)


def count(segment: Segment) -> int:
    """Without those who were erased meanwhile."""
    return db.session.scalar(COUNT, {"segment": segment.id}) or 0


def copy(segment: Segment, to: Segment) -> None:
    db.session.execute(COPY, {"segment": segment.id, "copy": to.id})


def _found(words: Sequence[str]) -> tuple[list[int], list[str]]:
    """Whom they mean, and the words that mean nobody."""
    rows = db.session.execute(FIND, {"words": list(dict.fromkeys(words))}).all()
    return sorted({row.id for row in rows if row.id is not None}), [row.word for row in rows if row.id is None]


def _touch(segment: Segment) -> None:
    segment.size = segment.sized_at = None
