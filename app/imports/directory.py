"""The list of imports."""

from __future__ import annotations

from sqlalchemy import Select, func, select

from app.db import db
from app.imports.upload import KINDS, STATES, Import
from app.listing import Field, Listing, words

KINDS_SAID = {
    "customers": "Customers",
    "funnel_events": "Funnel events",
    "segment_list": "People of a list",
    "products": "Products",
}
STATES_SAID = {
    "uploading": "Uploading",
    "columns": "Needs its columns",
    "staging": "Reading",
    "matching": "Comparing",
    "preview": "Ready to import",
    "applying": "Writing",
    "done": "Done",
    "undoing": "Undoing",
    "undone": "Undone",
    "stopped": "Stopped",
    "discarded": "Discarded",
    "failed": "Failed",
}


LISTING = Listing(
    {"created": (Import.created_date, Import.id)},
    "-created",
    words(func.fold(" " + Import.filename + " " + Import.by_name)),
    {
        "kind": Field(
            "kind",
            "Kind",
            "choice",
            {"is": "is"},
            lambda _op, value: Import.kind == value,
            tuple((kind, KINDS_SAID[kind]) for kind in KINDS),
        ),
        "state": Field(
            "state",
            "State",
            "choice",
            {"is": "is"},
            lambda _op, value: Import.state == value,
            tuple((state, STATES_SAID[state]) for state in STATES),
        ),
    },
)


def everything() -> Select[Import]:
    return select(Import)


def find(import_id: int) -> Import | None:
    return db.session.get(Import, import_id) if import_id < 2**63 else None
