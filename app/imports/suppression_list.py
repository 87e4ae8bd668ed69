"""A list of whom nothing may be sent to, as a CSV: people by customer_id or lms_lead_id, or addresses; perhaps why."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import BinaryIO

from sqlalchemy import select

from app.consent import suppressions
from app.consent.suppressions import Incoming, folded
from app.customers import who
from app.customers.customer import Customer
from app.customers.who import Who
from app.db import db
from app.imports import detect, mapping, reader
from app.imports.detect import Dialect
from app.imports.file import CHUNK, HEAD
from app.imports.reader import BadRow, Row
from app.tally import Reject, Tally

AT_ONCE = 5_000  # rows
BIGGEST_ID = 2**63
REASON = "reason"


class NoList(ValueError):
    """The sentence says why this file cannot be read as one."""


def read_in(stream: BinaryIO, source: str, now: datetime) -> Tally:
    """A reject's index is its line in the file. The same list again changes nothing. Never commits."""
    head = stream.read(HEAD)
    if problem := detect.problem(head, len(head)):
        raise NoList(problem)
    dialect = detect.dialect(head)
    places = _places(head, dialect)
    rows = reader.rows(chain((head,), iter(lambda: stream.read(CHUNK), b"")), dialect)
    tally = Tally()
    while some := list(islice(rows, AT_ONCE)):
        _add(tally, _put(some, places, source, now))
    if not tally.received:
        raise NoList("There is no row below the header: nobody is on this list.")
    return tally


def _places(head: bytes, dialect: Dialect) -> dict[str, int]:
    """Which column says what. Without a header it is the first one that begins with an address."""
    names = reader.header(_pieces(head), dialect)
    if not dialect.has_header:
        first = next((row.cells for row in reader.rows(_pieces(head), dialect) if isinstance(row, Row)), [])
        return {"email": next((place for place, cell in enumerate(first) if "@" in cell), 0)}
    found: dict[str, int] = {}
    for place, name in enumerate(names):
        found.setdefault(_field(name), place)
    if not found.keys() & set(mapping.WHO):
        raise NoList("No column says who is meant: email, lms_lead_id or customer_id.")
    return found


def _field(name: str) -> str:
    plain = "_".join(name.lower().split())
    return mapping.PERSON_CALLED.get(plain, plain)


def _pieces(head: bytes) -> Iterator[bytes]:
    beginning = io.BytesIO(head)
    return iter(lambda: beginning.read(CHUNK), b"")


def _put(rows: Sequence[Row | BadRow], places: Mapping[str, int], source: str, now: datetime) -> Tally:
    rejects = [Reject(row.line, row.code, "", row.reason) for row in rows if isinstance(row, BadRow)]
    good = [row for row in rows if isinstance(row, Row)]
    said = [{name: row.cells[place].strip() for name, place in places.items()} for row in good]
    theirs = _addresses(said)
    items: list[Incoming] = []
    also: list[Incoming] = []
    for row, cells, known in zip(good, said, theirs, strict=True):
        item = _item(row.line, cells, known, now)
        if isinstance(item, Reject):
            rejects.append(item)
            continue
        items.append(item)
        # Whoever is named by id and has another address by now is meant as well as the written one.
        if known and folded(known) != folded(item.email):
            also.append(Incoming(row.line, known, item.reason, now, item.note))
    tally = suppressions.put_many(items, source)
    suppressions.put_many(also, source)
    tally.received = len(rows)
    tally.refuse(rejects)
    return tally


def _addresses(said: Sequence[Mapping[str, str]]) -> list[str | None]:
    """Of those who are named by an id, the address that they have now; '' when nobody is called that."""
    named = [Who(_number(cells.get("customer_id", "")), cells.get("lms_lead_id") or None) for cells in said]
    ids = [found.id for found in who.find_many(named)]
    rows = db.session.execute(select(Customer.id, Customer.email).where(Customer.id.in_({i for i in ids if i})))
    emails = {row.id: row.email or "" for row in rows}
    return [None if found is None else emails.get(found, "") for found in ids]


def _item(line: int, cells: Mapping[str, str], known: str | None, now: datetime) -> Incoming | Reject:
    email = cells.get("email") or known
    reason, note = suppressions.understood(cells.get(REASON) or None)
    if len(note) > suppressions.LONGEST_REASON:
        return Reject(line, "too_long", REASON, f"A reason has at most {suppressions.LONGEST_REASON} characters.")
    if email:
        return Incoming(line, email, reason, now, note)
    field = next((name for name in mapping.WHO if cells.get(name)), "")
    if not field:
        return Reject(line, "missing", "", "Nobody is named: no e-mail address, lms_lead_id or customer_id.")
    if known is None:
        return Reject(line, "unknown_customer", field, f"No customer has this {field}.")
    return Reject(line, "no_address", field, "This customer has no e-mail address.")


def _number(cell: str) -> int | None:
    is_number = cell.isascii() and cell.isdecimal() and len(cell) < 20 and 0 < int(cell) < BIGGEST_ID
    return int(cell) if is_number else None


def _add(tally: Tally, part: Tally) -> None:
    tally.received += part.received
    tally.created += part.created
    tally.updated += part.updated
    tally.unchanged += part.unchanged
    tally.refuse(part.rejects)
