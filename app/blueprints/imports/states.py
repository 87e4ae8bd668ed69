"""What the page of an import shows, by the state it is in."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from flask import Response, request

from app import htmx
from app.blueprints.imports import choosing
from app.customers import directory
from app.db import db
from app.imports import earlier, journey, showing, touched
from app.imports.progress import look
from app.imports.upload import AT_WORK, Import

OUTCOMES = ("created", "updated", "unchanged", "rejected")
EXAMPLES = 3
SOON = timedelta(seconds=10)  # a worker has taken it by then
MOVED_ON = {"preview": "The file is checked.", "done": "The file is imported.", "undone": "The import is undone."}


def page(upload: Import, code: int = 200, **said: Any) -> Response:
    facts = {**_of_its_state(upload), **said}
    answer = htmx.answer(
        "imports/show.html",
        "imports/_show.html",
        code=code,
        upload=upload,
        seen=_print_of(upload),
        **facts,
    )
    return _moved_on(answer, upload) if request.headers.get("HX-Target") == "progress" else answer


def must_be_seen(upload: Import) -> None:
    """Who confirms, confirms what their page showed; another tab may have chosen other columns since."""
    db.session.refresh(upload, with_for_update=True)
    if request.form.get("seen", _print_of(upload)) != _print_of(upload):
        raise journey.CannotGoOn("Somebody changed this import after you opened it. Nothing was done; look again.")


def _print_of(upload: Import) -> str:
    shown = msgspec.json.encode([upload.state, upload.dialect, upload.columns, upload.options, upload.preview])
    return hashlib.blake2b(shown, digest_size=12).hexdigest()


def _moved_on(answer: Response, upload: Import) -> Response:
    """A poll asks for the progress alone; once there is none, the whole page takes its place."""
    if upload.state in AT_WORK:
        return answer
    answer.headers.update({"HX-Retarget": "#import", "HX-Reselect": "#import", "HX-Reswap": "outerHTML"})
    return htmx.toast(answer, MOVED_ON[upload.state]) if upload.state in MOVED_ON else answer


def _of_its_state(upload: Import) -> dict[str, Any]:
    if upload.state == "columns":
        return _columns(upload)
    if upload.state in AT_WORK:
        return _work(upload, datetime.now(UTC))
    return _preview(upload) if upload.state == "preview" else _end(upload)


def _columns(upload: Import) -> dict[str, Any]:
    sample = journey.sample(upload)
    return {
        "columns": upload.columns,
        "options": upload.options,
        "problems": {},
        "misread": "",
        "choices": choosing.fields(upload.kind),
        "sample": sample,
        "sampled": list(zip(sample.lines, sample.rows, strict=True)),
        "examples": [_examples(sample.rows, column["index"]) for column in upload.columns],
        "earlier": earlier.of_same_file(upload),
    }


def _examples(rows: Sequence[Sequence[str]], index: int) -> list[str]:
    cells = (row[index] for row in rows if index < len(row))
    return list(dict.fromkeys(cell[:60] for cell in cells if cell))[:EXAMPLES]


def _work(upload: Import, now: datetime) -> dict[str, Any]:
    is_held = upload.lease_until is not None and upload.lease_until > now
    is_late = upload.waiting_since is not None and now > max(upload.waiting_since, upload.not_before) + SOON
    return {"progress": look(upload, now), "is_unclaimed": is_late and not is_held}


def _preview(upload: Import) -> dict[str, Any]:
    picked = request.args.get("show", "")
    if picked not in OUTCOMES:
        picked = "updated" if upload.preview["updated"] else "created"
    return {
        "picked": picked,
        "samples": showing.samples(upload, picked) if picked != "rejected" else [],
        "reasons": showing.reasons(upload),
        "known": {kind.name for kind in directory.attribute_types()},
        "said_of": choosing.SAID[upload.kind],
    }


def _end(upload: Import) -> dict[str, Any]:
    now, ended = datetime.now(UTC), upload.finished_at or upload.phase_began_at or upload.created_date
    is_written = upload.created + upload.updated > 0 or upload.preview.get("stated", 0) > 0
    has_written = upload.state == "stopped" or is_written
    return {
        "may_be_undone": has_written and journey.may_be_undone(upload, now),
        "undone_until": ended + journey.UNDO_FOR,
        "is_late": now >= ended + journey.UNDO_FOR,
        "reasons": showing.reasons(upload) if upload.rejected else [],
        "created": touched.created(upload),
        "changed": touched.changed(upload) if upload.state != "undone" else [],
        "products": touched.products_of(upload) if upload.kind == "products" and upload.state != "undone" else [],
    }
