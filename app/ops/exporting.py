"""Everything that is known of one person, room by room: as JSON, or as a folder of tables."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import msgspec

from app.audit import erasing as audit
from app.automations import erasing as automations
from app.catalogue import erasing as catalogue
from app.consent import erasing as consent
from app.customers import erasing as customers
from app.customers.customer import Customer
from app.customers.export import guarded, written
from app.deliveries import erasing as deliveries
from app.events import erasing as events
from app.hooks import erasing as hooks
from app.imports import erasing as imports
from app.receipts import erasing as receipts
from app.segments import erasing as segments
from app.tracking import belonging as conversions
from app.tracking import erasing as tracking
from app.tracking.receipts import erasing as delivery_receipts

Tables = dict[str, list[dict[str, Any]]]


def of(customer: Customer) -> dict[str, Tables]:
    """By room and noun."""
    person = customers.person(customer, consent.addresses(customer.id))
    calls, files = (did | said for did, said in zip(events.origins(person), consent.origins(person), strict=True))
    calls |= delivery_receipts.origins(person)
    return {
        "customers": customers.export(customer.id),
        "events": events.export(customer.id),
        "catalogue": catalogue.export(customer.id),
        "consent": consent.export(customer.id),
        "segments": segments.export(customer.id),
        "receipts": receipts.export(calls),
        "imports": imports.export(files | imports.origins(person.ids)),
        "automations": automations.export(customer.id),
        "deliveries": deliveries.export(person) | delivery_receipts.export(person),
        "tracking": tracking.export(customer.id) | conversions.export(customer.id),
        "webhooks": hooks.export(customer.id),
        "audit": audit.export(customer.id),
    }


def as_json(customer: Customer) -> bytes:
    return msgspec.json.format(msgspec.json.encode(of(customer)), indent=2)


def as_zip(customer: Customer) -> bytes:
    """A table for each noun; one without rows is left out."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as folder:
        for tables in of(customer).values():
            for noun, rows in tables.items():
                if rows:
                    folder.writestr(f"{noun}.csv", _table(rows))
    return held.getvalue()


def _table(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(rows[0])
    lines.writerows([guarded(written(value)) for value in row.values()] for row in rows)
    return "\ufeff" + out.getvalue()
