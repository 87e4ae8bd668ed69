"""Reading: from the file into a table of typed rows of its own; what cannot be read is refused by line.

Each block is copied together with the line that it ends on, so a reader that was killed goes on there.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sqlalchemy import delete, text

from app.customers import attribute_types
from app.customers.identity import ROW
from app.db import copy, copying, db
from app.events import keys
from app.imports import file, reader
from app.imports.cells import Block, Refused, Typist
from app.imports.detect import Dialect
from app.imports.reader import BadRow, Row
from app.imports.upload import Import, ImportReject

BLOCK = 20_000  # rows that are committed together
SOME = 50  # of them at once
LARGE = 16 * 1024 * 1024  # bytes: of rows that are as large, fewer
PART = 4_000  # of these are typed while PostgreSQL takes in the ones before
MOVE = (
    "line bigint, customer_id bigint, lms_lead_id text, email text, funnel_type text, from_stage text, to_stage text,"
    " created_date timestamptz, source_id text, key uuid"
)
LISTED = "line bigint, customer_id bigint, lms_lead_id text, email text"
PRODUCT = (
    "line bigint, product_id text, name text, category text, price text, price_minor bigint, currency text,"
    " stock bigint, in_stock boolean, image_url text, url text"
)
SHAPES = {"customers": ROW, "funnel_events": MOVE, "segment_list": LISTED, "products": PRODUCT}
CONSENTS = ", consents jsonb"  # {"newsletter": true}: only where a file has such columns


def rows_of(upload: Import) -> str:
    return f"staging.import_{upload.id}_rows"


def people_of(upload: Import) -> str:
    return f"staging.import_{upload.id}_people"


def says_consent(upload: Import) -> bool:
    return any(column["field"] == "consent" for column in upload.columns)


def _shape(upload: Import) -> str:
    return SHAPES[upload.kind] + (CONSENTS if says_consent(upload) else "")


def forget(import_id: int) -> None:
    for part in ("rows", "people"):
        db.session.execute(text(f"DROP TABLE IF EXISTS staging.import_{import_id}_{part}"))


def stage(upload: Import) -> Iterator[None]:
    _prepare(upload)
    typist = Typist(upload.kind, upload.columns, upload.options, attribute_types.declared())
    meter = _Meter(file.chunks(upload.id))
    read = reader.rows(meter, Dialect.from_json(upload.dialect), upload.staged_line)
    while rows := _block(read, meter):
        _keep(upload, typist, rows)
        upload.staged_line, upload.staged_bytes = rows[-1].line, meter.size
        upload.preview = upload.preview | {"observed": upload.preview.get("observed", {}) | typist.observed}
        yield


def _block(read: Iterator[Row | BadRow], meter: _Meter) -> list[Row | BadRow]:
    rows: list[Row | BadRow] = []
    most = meter.size + LARGE
    with _no_cycles():
        while len(rows) < BLOCK and meter.size < most and (some := list(islice(read, min(SOME, BLOCK - len(rows))))):
            rows += some
    return rows


@contextmanager
def _no_cycles() -> Iterator[None]:
    """Rows hold no cycles: looking for some among hundreds of thousands of new lists takes a third of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Meter:
    """How much of the file has been asked for."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.chunks, self.size = chunks, 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            self.size += len(chunk)
            yield chunk


def _prepare(upload: Import) -> None:
    """From the beginning, unless all that was staged so far is still there: a crash of PostgreSQL empties the table."""
    table = rows_of(upload)
    db.session.execute(text(f"CREATE UNLOGGED TABLE IF NOT EXISTS {table} ({_shape(upload)})"))
    if db.session.scalar(text(f"SELECT count(*) FROM {table}")) != upload.staged_rows or not upload.staged_line:
        db.session.execute(text(f"TRUNCATE {table}"))
        db.session.execute(delete(ImportReject).where(ImportReject.import_id == upload.id))
        upload.staged_line = upload.staged_bytes = upload.staged_rows = upload.rows = upload.rejected = 0
        upload.preview = {}


def _keep(upload: Import, typist: Typist, rows: list[Row | BadRow]) -> None:
    names = [column.split()[0] for column in _shape(upload).split(", ")]
    rejects: list[Refused] = []
    with copying(rows_of(upload), names) as write, _no_cycles():
        for start in range(0, len(rows), PART):
            block = typist.block(rows[start : start + PART])
            write(_moves(upload, block) if upload.kind == "funnel_events" else block.as_copy())
            rejects += block.rejects
    copy(
        "import_rejects",
        ("import_id", "line", "column_name", "code", "reason", "row"),
        ((upload.id, one.line, one.column, one.code, one.reason, one.text) for one in rejects),
    )
    upload.staged_rows += len(rows) - len(rejects)
    upload.rejected += len(rejects)
    upload.rows += len(rows)


def _moves(upload: Import, block: Block) -> bytes:
    moves = [_move(upload, row) for row in block.staged]
    return Block([list(column) for column in zip(*moves, strict=True)]).as_copy()


def _move(upload: Import, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A move without an id of its source is known by what it says; without a time, by its place in this very file."""
    line, *said, created_date, source_id = row
    if not source_id:
        told = repr((said, created_date) if created_date else (said, upload.sha256, line))
        source_id = f"row:{hashlib.blake2b(told.encode(), digest_size=12).hexdigest()}"
    moment = created_date or upload.created_date.isoformat()
    return (line, *said, moment, source_id, keys.key("funnel", source_id))
