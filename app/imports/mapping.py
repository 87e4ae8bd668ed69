"""What each column of a file means: guessed from its name, corrected by a person, checked before a row is read."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from app.customers import attribute_values
from app.customers.attributes import FIELD_TYPES
from app.customers.incoming import COLUMNS
from app.imports.detect import MOST_COLUMNS

CUSTOMER_FIELDS = ("customer_id", *COLUMNS)
MOVE_FIELDS = (
    "customer_id",
    "lms_lead_id",
    "email",
    "funnel_type",
    "from_stage",
    "to_stage",
    "created_date",
    "id",
)
WHO = ("customer_id", "lms_lead_id", "email")
PRICES = ("price", "price_minor")  # as people write it, and in the smallest unit
PRODUCT_FIELDS = ("product_id", "name", "category", *PRICES, "currency", "stock", "in_stock", "image_url", "url")
FIELDS = {
    "customers": CUSTOMER_FIELDS,
    "funnel_events": MOVE_FIELDS,
    "segment_list": WHO,
    "products": PRODUCT_FIELDS,
}
PERSON_CALLED = {"external_id": "lms_lead_id", "e-mail": "email", "e_mail": "email"}
ALSO_CALLED = {
    "customers": PERSON_CALLED,
    "funnel_events": PERSON_CALLED | {"occurred_at": "created_date"},
    "segment_list": PERSON_CALLED,
    "products": {
        "id": "product_id",
        "sku": "product_id",
        "title": "name",
        "price_major": "price",
        "price_cents": "price_minor",
        "availability": "in_stock",
        "image": "image_url",
        "image_link": "image_url",
        "link": "url",
    },
}
NEEDED = {"funnel_events": ("funnel_type", "to_stage"), "products": ("product_id",)}
CONSENT = re.compile(r"consent_(?P<topic>.+)")

NO_NAME = "This column has no name in the file."
TWICE = "Another column of this file has the same name."
NO_TOPIC = "There is no such topic; there are: {}."
RESERVED = "This name is a field of the customer, not an attribute."


def guess(
    kind: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    types: Mapping[str, str],
    topics: Collection[str] = (),
) -> list[dict[str, Any]]:
    """`topics`: the slugs of those in use."""
    columns = [_guess(kind, place, name.strip(), types, topics) for place, name in enumerate(header)]
    if kind == "products":
        _guess_prices(columns, rows)
    seen: set[str] = set()
    for column in columns:
        named = {"attribute": column["name"], "consent": f"consent_{column['name']}"}
        key = named.get(column["field"], column["field"])
        if column["field"] != "ignore" and key in seen:
            column.update(field="ignore", note=TWICE)
        seen.add(key)
    return columns


def problems(kind: str, columns: Sequence[Mapping[str, Any]], topics: Collection[str] = ()) -> dict[str, str]:
    found: dict[str, str] = {}
    seen: dict[str, int] = {}
    for place, column in enumerate(columns):
        if said := _problem(kind, column, seen, place, topics):
            found[f"columns.{place}"] = said
    fields = {column["field"] for column in columns}
    if kind == "products":
        found |= _product_problems(fields)
    elif not fields & set(WHO):
        found["columns"] = "No column says who is meant: lms_lead_id, email or customer_id."
    if len(columns) > MOST_COLUMNS:
        found["columns"] = f"This file has more than {MOST_COLUMNS} columns."
    missing = {"funnel_type", "to_stage"} - fields if kind == "funnel_events" else set()
    if missing:
        found["columns"] = f"A move needs the columns {' and '.join(sorted(missing))}."
    return found


def _guess(kind: str, place: int, header: str, types: Mapping[str, str], topics: Collection[str]) -> dict[str, Any]:
    name, _, declared = header.rpartition(":") if ":" in header else (header, "", "")
    name = " ".join(name.split())
    column: dict[str, Any] = {"header": header, "index": place, "name": name, "type": ""}
    field = _field(kind, name)
    if field in FIELDS[kind]:
        return column | {"field": field}
    if kind != "customers":
        return column | {"field": "ignore"}
    if not name:
        return column | {"field": "ignore", "note": NO_NAME}
    if consent := CONSENT.fullmatch(field):
        return column | _consent(consent["topic"].replace("-", "_"), topics)
    if name in attribute_values.RESERVED:
        return column | {"field": "ignore", "note": RESERVED}
    return column | {"field": "attribute", "type": declared.strip().lower() or types.get(name, "")}


def _guess_prices(columns: list[dict[str, Any]], rows: Sequence[Sequence[str]]) -> None:
    """A column that is just called price holds smallest units, as in the API, unless one of its cells has a point."""
    for column in columns:
        if column["field"] == "price" and column["name"].lower() == "price":
            cells = [row[column["index"]].strip() for row in rows if column["index"] < len(row)]
            if all(cell.isdecimal() for cell in cells if cell):
                column["field"] = "price_minor"


def _product_problems(fields: Collection[str]) -> dict[str, str]:
    if "product_id" not in fields:
        return {"columns": "No column says which product is meant: product_id."}
    if all(price in fields for price in PRICES):
        return {"columns": "Two columns say the price; ignore one of them."}
    return {}


def _consent(slug: str, topics: Collection[str]) -> dict[str, Any]:
    if slug in topics:
        return {"field": "consent", "name": slug}
    return {"field": "ignore", "note": NO_TOPIC.format(", ".join(topics))}


def _field(kind: str, name: str) -> str:
    plain = name.lower().replace(" ", "_")
    return ALSO_CALLED[kind].get(plain, plain)


def _problem(
    kind: str, column: Mapping[str, Any], seen: dict[str, int], place: int, topics: Collection[str]
) -> str | None:
    field = column["field"]
    if field == "ignore":
        return None
    if field == "attribute" and kind == "customers":
        key, said = f"attribute {column['name']}", _attribute_problem(column)
    elif field == "consent" and kind == "customers":
        key = f"consent {column['name']}"
        said = None if column["name"] in topics else NO_TOPIC.format(", ".join(topics))
    elif field in FIELDS[kind]:
        key, said = field, None
    else:
        return f"“{field}” is no field of these rows."
    if key in seen:
        said = f"Column {seen[key] + 1} is the same; ignore one of them."
    seen.setdefault(key, place)
    return said


def _attribute_problem(column: Mapping[str, Any]) -> str | None:
    try:
        attribute_values.check_name(column["name"])
    except attribute_values.Wrong as wrong:
        return str(wrong)
    if column.get("type") and column["type"] not in FIELD_TYPES:
        return f"“{column['type']}” is no type: choose one of {', '.join(FIELD_TYPES)}."
    return None
