"""Cells become values, a column at a time: what a cell says is worked out once for all the rows that say the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from json.encoder import encode_basestring as quoted
from typing import Any
from zoneinfo import ZoneInfo

from app.customers.attribute_values import Wrong, infer
from app.customers.export import unguarded
from app.customers.incoming import COLUMNS
from app.imports import readings
from app.imports.mapping import NEEDED, PRODUCT_FIELDS, WHO
from app.imports.reader import SHOWN, BadRow, Row, as_text

REMEMBERED = 20_000  # different cells of a column
REMEMBERED_IN_ALL = 200_000
WORTH_REMEMBERING = 200  # characters
NULL = "\\N"
TO_ESCAPE = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
ESCAPES = str.maketrans(TO_ESCAPE)
CUSTOMERS = ("customer_id", *COLUMNS)
MOVES = ("customer_id", "lms_lead_id", "email", "funnel_type", "from_stage", "to_stage", "created_date", "id")
ORDER = {"customers": CUSTOMERS, "funnel_events": MOVES, "segment_list": WHO, "products": PRODUCT_FIELDS}


@dataclass(frozen=True, slots=True)
class Refused:
    line: int
    column: str | None
    code: str
    reason: str
    text: str


@dataclass
class Block:
    columns: list[list[Any]] = field(default_factory=list)
    rejects: list[Refused] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.columns[0]) if self.columns else 0

    @property
    def staged(self) -> list[tuple[Any, ...]]:
        return list(zip(*self.columns, strict=True))

    def as_copy(self) -> bytes:
        """As COPY takes it: a third of what the csv module needs, since most columns hold nothing to escape."""
        if not self.count:
            return b""
        rows = zip(*map(_escaped, self.columns), strict=True)
        return ("\n".join(map("\t".join, rows)) + "\n").encode()


class Typist:
    def __init__(
        self, kind: str, columns: Sequence[Mapping[str, Any]], options: Mapping[str, Any], types: Mapping[str, str]
    ) -> None:
        self.kind = kind
        self.clears = not options.get("keep_empty", True)
        self.observed: dict[str, str] = {}
        zone = ZoneInfo(options.get("zone", "UTC"))
        used = [column for column in columns if column["field"] != "ignore"]
        fields = {column["field"]: column for column in used if column["field"] != "attribute"}
        order = ORDER[kind]
        most = min(REMEMBERED, REMEMBERED_IN_ALL // max(1, len(used)))
        self.order = order
        self.fields = [
            (name, fields[name]["index"], _Cells(self._reading(name, zone), most, readings.QUICKLY.get(name)))
            for name in order
            if name in fields
        ]
        self.attributes = [
            (column["name"], column["index"], _Cells(self._fragment(column, types, zone), most))
            for column in used
            if column["field"] == "attribute"
        ]

        self.consents = [
            (f"consent_{column['name']}", column["index"], _Cells(_stated(column["name"]), most))
            for column in used
            if column["field"] == "consent"
        ]

    def _reading(self, name: str, zone: ZoneInfo) -> Callable[[str], Any]:
        """A file of products may be our own."""
        reading = readings.of_field(name, zone)
        return (lambda cell: reading(unguarded(cell))) if self.kind == "products" else reading

    def block(self, rows: Sequence[Row | BadRow]) -> Block:
        good = [row for row in rows if isinstance(row, Row)]
        block = Block(rejects=[_bad(row) for row in rows if isinstance(row, BadRow)])
        if good:
            self._type(good, block)
        block.rejects.sort(key=lambda refused: refused.line)
        return block

    def _type(self, rows: list[Row], block: Block) -> None:
        cells = list(zip(*(row.cells for row in rows), strict=True))
        wrong: dict[int, tuple[str | None, Wrong]] = {}
        values = {name: self._column(name, cells[place], reading, wrong) for name, place, reading in self.fields}
        parts = [self._column(name, cells[place], reading, wrong) for name, place, reading in self.attributes]
        said = [self._column(name, cells[place], reading, wrong) for name, place, reading in self.consents]
        self._need(values, len(rows), wrong)
        columns = self._customers(rows, values, parts) if self.kind == "customers" else self._plain(rows, values)
        if said:
            columns.append(_objects(said))
        block.rejects += [_refused(rows[place], *said) for place, said in wrong.items()]
        good = [place not in wrong for place in range(len(rows))]
        block.columns = [list(compress(column, good)) for column in columns] if wrong else columns

    def _column(
        self, name: str, cells: Sequence[str], reading: _Cells, wrong: dict[int, tuple[str | None, Wrong]]
    ) -> list[Any]:
        values = reading.of(cells)
        if reading.is_wrong_somewhere:
            for place, value in enumerate(values):
                if type(value) is Wrong:
                    wrong.setdefault(place, (name, value))
        return values

    def _need(self, values: dict[str, list[Any]], count: int, wrong: dict[int, tuple[str | None, Wrong]]) -> None:
        named = [values[name] for name in WHO if name in values]
        if not any(map(all, named)):
            for place, who in enumerate(zip(*named, strict=True)):
                if not any(who):
                    wrong.setdefault(place, (None, Wrong("nobody", "Neither lms_lead_id nor e-mail")))
        for name in NEEDED.get(self.kind, ()):
            for place in range(count):
                if values[name][place] is None:
                    wrong.setdefault(place, (name, Wrong("missing", f"{name} is empty")))

    def _customers(self, rows: list[Row], values: dict[str, list[Any]], parts: list[list[Any]]) -> list[list[Any]]:
        nothing = [None] * len(rows)
        columns = [values.get(name, nothing) for name in self.order]
        attributes = (
            ["{" + ",".join(filter(None, said)) + "}" for said in _texts(parts)] if parts else ["{}"] * len(rows)
        )
        cleared = self._cleared(values, len(rows)) if self.clears else nothing
        return [[row.line for row in rows], *columns, attributes, cleared]

    def _cleared(self, values: dict[str, list[Any]], count: int) -> list[str | None]:
        """Keys are never cleared: they say who is meant; nor is the day of sign-up, which everybody has."""
        able = [name for name in values if name not in WHO and name != "created_date"]
        names = ([name for name in able if values[name][place] is None] for place in range(count))
        return ["{" + ",".join(empty) + "}" if empty else None for empty in names]

    def _plain(self, rows: list[Row], values: dict[str, list[Any]]) -> list[list[Any]]:
        nothing = [None] * len(rows)
        if "email" in values:
            values["email"] = [value.lower() if type(value) is str else value for value in values["email"]]
        return [[row.line for row in rows], *(values.get(name, nothing) for name in self.order)]

    def _fragment(self, column: Mapping[str, Any], types: Mapping[str, str], zone: ZoneInfo) -> Callable[[str], Any]:
        """`"score":85`: a piece of the row's JSON, or nothing."""
        name, declared = column["name"], column.get("type") or types.get(column["name"], "")
        start = f"{quoted(name)}:"
        written = readings.of_declared(declared, zone) if declared else readings.as_it_reads
        empty = f"{start}null" if self.clears else ""

        def fragment(cell: str) -> str:
            if not cell.strip():
                return empty
            said = written(cell)
            if name not in self.observed:
                self.observed[name] = declared or infer(json.loads(said))
            return start + said

        return fragment


class _Cells:
    """What each different cell of a column means, or what is wrong with it.

    Columns in which hardly two cells are the same have a quick way for the whole column, when all of it is good.
    """

    def __init__(self, reading: Callable[[str], Any], most: int, quickly: readings.Quickly | None = None) -> None:
        self.reading = reading
        self.most = most
        self.quickly = quickly
        self.known: dict[str, Any] = _Known(self)
        self.is_wrong_somewhere = False

    def of(self, cells: Sequence[str]) -> list[Any]:
        if self.quickly and (quick := self.quickly(cells, self.known)):
            return quick
        known = self.known
        values = [known[cell] for cell in cells]
        if len(known) > self.most:
            known.clear()
        return values


class _Known(dict[str, Any]):
    def __init__(self, cells: _Cells) -> None:
        super().__init__()
        self.cells = cells

    def __missing__(self, cell: str) -> Any:
        try:
            value = self.cells.reading(cell)
        except Wrong as wrong:
            value = Wrong(wrong.code, str(wrong))  # one that was raised holds on to the whole block by its traceback
            self.cells.is_wrong_somewhere = True
        if len(cell) <= WORTH_REMEMBERING:
            self[cell] = value
        return value


def _escaped(column: list[Any]) -> list[str]:
    texts = [NULL if value is None else value if type(value) is str else str(value) for value in column]
    whole = "".join([text for text in texts if text is not NULL])
    if any(mark in whole for mark in TO_ESCAPE):  # one mark after the other: ten times as quick as a pattern of four
        return [text if text is NULL else text.translate(ESCAPES) for text in texts]
    return texts


def _stated(topic: str) -> Callable[[str], str]:
    """`"newsletter":true`, or nothing."""
    said = {True: f"{quoted(topic)}:true", False: f"{quoted(topic)}:false", None: ""}
    return lambda cell: said[readings.consent(cell)]


def _objects(parts: list[list[Any]]) -> list[str | None]:
    rows = (",".join(filter(None, said)) for said in _texts(parts))
    return ["{" + row + "}" if row else None for row in rows]


def _texts(parts: list[list[Any]]) -> Any:
    """A wrong one stands for its row, which is refused anyway."""
    return zip(*([one if type(one) is str else "" for one in part] for part in parts), strict=True)


def _bad(row: BadRow) -> Refused:
    return Refused(row.line, None, row.code, row.reason, row.text)


def _refused(row: Row, column: str | None, wrong: Wrong) -> Refused:
    reason = str(wrong)
    if wrong.code == "wrong_type" and column and not reason.startswith(column):
        reason = f"{column}: {reason[0].lower()}{reason[1:]}"
    return Refused(row.line, column, wrong.code, reason, as_text(row)[:SHOWN])
