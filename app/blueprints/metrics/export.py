"""Every report of a metrics page as CSV: the same figures, with their counts beside each other."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, request

from app import wording
from app.access import actor, may
from app.audit import record as write_down
from app.blueprints.metrics import asked
from app.customers.export import guarded
from app.db import db
from app.metrics import tables

door = Blueprint("metrics_export", __name__, url_prefix="/metrics/export")


@door.get("/<which>.csv")
@may("read")
def show(which: str) -> Response:
    if which not in tables.WHICH:
        abort(404)
    now = datetime.now(UTC)
    scope = asked.read(request.args, now, wording.zone()).scope
    written = "\ufeff" + "".join(map(_line, tables.rows(scope, which, now)))
    days = {"from": scope.range.first.isoformat(), "to": scope.range.last.isoformat()}
    write_down(actor(), "exported", "metrics", (None, which.capitalize()), after=days)
    db.session.commit()
    name = f"{which}-{days['from']}-{days['to']}.csv"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(written, mimetype="text/csv", headers=disposition)


def _line(row: Sequence[object]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow([guarded(one) if isinstance(one, str) else one for one in row])
    return written.getvalue()
