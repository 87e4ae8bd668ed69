"""What somebody chose in the forms of an import, read with suspicion."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import FileStorage, MultiDict

from app.catalogue import products
from app.customers.incoming import COLUMNS
from app.imports import people_of_lists
from app.imports.detect import ENCODINGS
from app.imports.mapping import FIELDS
from app.imports.upload import KINDS, Import
from app.segments import definition, keeping
from app.segments.definition import Definition
from app.settings import topics

LONGEST_NAME = 200
# What a sample of a new row says, in this order; attributes follow.
SAID = {
    "customers": COLUMNS,
    "funnel_events": ("funnel_type", "from_stage", "to_stage", "created_date"),
    "segment_list": (),
    "products": products.FIELDS,
}
LONGEST_TYPE = 40
CONSENT = "consent:"

Form = MultiDict[str, str]


def problem(kind: str, file: FileStorage | None, form: Form) -> str:
    if kind not in KINDS:
        return "Say what is in the file: customers, funnel events, the people of a list or products."
    if kind == people_of_lists.KIND and (said := _list_problem(form)):
        return said
    if file is None or not file.filename:
        return "Choose a file first."
    return ""


def at_first(kind: str, form: Form) -> dict[str, Any]:
    """What is chosen together with the file: for a list, which one."""
    if kind != people_of_lists.KIND:
        return {}
    if segment := form.get("segment", ""):
        return {"segment_id": int(segment)}
    return {"segment_name": form.get("segment_name", "").strip()}


def _list_problem(form: Form) -> str:
    segment, name = form.get("segment", ""), form.get("segment_name", "").strip()
    if segment:
        is_number = segment.isascii() and segment.isdecimal() and len(segment) < 19
        is_there = is_number and people_of_lists.is_list(keeping.find(int(segment)))
        return "" if is_there else "This list is not there any more. Choose another one."
    if not name:
        return "Choose the list that they are put on, or give a new one a name."
    return next((f"The name of the list: {one.message}" for one in definition.problems(Definition(name, "manual"))), "")


def name_of(file: FileStorage) -> str:
    """Only a name to show: no path, no control characters."""
    name = (file.filename or "").replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in name if c.isprintable()).strip()[-LONGEST_NAME:] or "file.csv"


def dialect(upload: Import, form: Form) -> dict[str, Any]:
    """A value that nobody can have chosen leaves what was found."""
    found, encoding, delimiter = upload.dialect, form.get("encoding", ""), form.get("delimiter", "")
    is_sign = len(delimiter) == 1 and not delimiter.isalnum() and delimiter not in '"\r\n\0'
    return {
        **found,
        "encoding": encoding if encoding in ENCODINGS else found["encoding"],
        "delimiter": delimiter if is_sign else found["delimiter"],
        "has_header": "has_header" in form,
    }


def fields(kind: str) -> tuple[str, ...]:
    """What a column may mean."""
    if kind != "customers":
        return (*FIELDS[kind], "ignore")
    return (*FIELDS[kind], "attribute", *(f"{CONSENT}{topic.slug}" for topic in topics.in_use()), "ignore")


def columns(upload: Import, form: Form) -> list[dict[str, Any]]:
    choices = fields(upload.kind)
    return [_column(column, str(n), choices, form) for n, column in enumerate(upload.columns)]


def options(upload: Import, form: Form) -> dict[str, bool]:
    if upload.kind != "customers":
        return dict(upload.options)
    return {"keep_empty": "keep_empty" in form, "create": "only_known" not in form}


def _column(column: dict[str, Any], n: str, fields: tuple[str, ...], form: Form) -> dict[str, Any]:
    field = form.get(f"field-{n}", "")
    field = field if field in fields else "ignore"
    if field.startswith(CONSENT):
        return {**column, "field": "consent", "name": field.removeprefix(CONSENT), "type": ""}
    if field != "attribute":
        return {**column, "field": field, "type": ""}
    kind = form.get(f"type-{n}", "").strip()[:LONGEST_TYPE]
    return {**column, "field": field, "name": form.get(f"name-{n}", "").strip(), "type": kind}
