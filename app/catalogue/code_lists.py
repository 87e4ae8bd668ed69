"""Lists of discount codes: read from a file or from what was pasted, and laid into a pool, each code once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from app.audit import Actor, record
from app.catalogue.discount import UPLOADED, DiscountPool
from app.db import db

LONGEST = 200  # characters of a code
MOST = 1_000_000  # codes at once, and the most that a warning may ask for
HEADS = {"code", "codes", "coupon", "coupons", "voucher", "discount_code", "coupon_code", "gutschein", "gutscheincode"}
STAGE = "CREATE TEMPORARY TABLE arriving_codes (place bigint, code text) ON COMMIT DROP"
ADD = text(
    """
    INSERT INTO discount_codes (pool_id, code)
    SELECT :pool, code FROM arriving_codes ORDER BY place
    ON CONFLICT (pool_id, code) DO NOTHING
    """
)


class TakesNone(Exception):
    """Its codes come from nowhere else."""


@dataclass(frozen=True)
class Refused:
    place: int  # in the list that came, from 1
    said: str


@dataclass
class Added:
    """received = added + repeated + there + refused, always."""

    received: int = 0
    added: int = 0
    repeated: int = 0  # in the same list
    there: int = 0
    refused: list[Refused] = field(default_factory=list)


def add(pool: DiscountPool, codes: Iterable[str], by: Actor) -> Added:
    """In their order, which is that in which they are given away. Raises TakesNone."""
    if pool.kind != UPLOADED:
        raise TakesNone
    db.session.refresh(pool, with_for_update={"key_share": True})  # two lists at once: one after the other
    found = Added()
    good: dict[str, int] = {}
    for place, code in enumerate(codes, 1):
        found.received = place
        if wrong := "It is empty." if not code else fault(code, LONGEST):
            found.refused.append(Refused(place, wrong))
        else:
            good.setdefault(code, place)
    found.added = _laid_in(pool, good)
    found.repeated = found.received - len(good) - len(found.refused)
    found.there = len(good) - found.added
    record(by, "added codes to", "discount pool", (str(pool.id), pool.name), None, {"codes": found.added})
    return found


def lines(written: str) -> Iterator[str]:
    """Pasted: one a line, or with commas or semicolons between. What is empty says nothing."""
    for line in written.replace(",", "\n").replace(";", "\n").replace("\t", "\n").splitlines():
        if code := line.strip():
            yield code


def cells(written: bytes) -> Iterator[str]:
    """Of a file: the first column, without its head."""
    is_first = True
    for line in _decoded(written).splitlines():
        code = _first_cell(line)
        if code and not (is_first and code.lower() in HEADS):
            yield code
        is_first = is_first and not code


def _first_cell(line: str) -> str:
    line = line.strip()
    if line.startswith('"'):
        return line[1:].partition('"')[0].strip()
    for mark in ("\t", ";", ","):
        line = line.partition(mark)[0]
    return line.strip()


def _decoded(written: bytes) -> str:
    if written.startswith((b"\xff\xfe", b"\xfe\xff")):
        return written.decode("utf-16", "replace")
    try:
        return written.decode("utf-8-sig")
    except UnicodeDecodeError:
        return written.decode("cp1252", "replace")


def _laid_in(pool: DiscountPool, codes: Mapping[str, int]) -> int:
    """A million by COPY."""
    if not codes:
        return 0
    db.session.execute(text(STAGE))
    driver = db.session.connection().connection.driver_connection
    assert driver is not None
    with driver.cursor().copy("COPY arriving_codes (place, code) FROM STDIN") as copy:
        for code, place in codes.items():
            copy.write_row((place, code))
    laid: Any = db.session.execute(ADD, {"pool": pool.id})
    db.session.execute(text("DROP TABLE arriving_codes"))
    return int(laid.rowcount)


def fault(written: str, longest: int) -> str:
    if len(written) > longest:
        return f"At most {longest} characters."
    return "" if written.isprintable() else "It holds a character that nobody can type."
