"""How far an import is, how fast it goes and what is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.imports.upload import AT_WORK, Import

SAID = {
    "staging": "Reading the file",
    "matching": "Comparing with the customers",
    "applying": "Writing",
    "undoing": "Undoing",
}


@dataclass(frozen=True)
class Progress:
    said: str
    is_at_work: bool
    done: int  # rows
    total: int | None  # rows, once they are counted
    share: float | None  # 0 to 1
    rate: float | None  # rows a second
    left: float | None  # seconds


def look(upload: Import, now: datetime) -> Progress:
    done, total, share = _measure(upload)
    seconds = (now - upload.phase_began_at).total_seconds() if upload.phase_began_at else 0.0
    rate = done / seconds if seconds > 0.5 and done else None
    left = seconds * (1 - share) / share if share and seconds > 0.5 else None
    return Progress(_said(upload), upload.state in AT_WORK, done, total, share, rate, left)


def _said(upload: Import) -> str:
    if (upload.kind, upload.state) == ("products", "matching"):
        return "Comparing with the products"
    return SAID.get(upload.state, "")


def _measure(upload: Import) -> tuple[int, int | None, float | None]:
    if upload.state == "staging":
        return upload.rows, None, min(upload.staged_bytes / upload.size, 1.0) if upload.size else None
    if upload.state == "matching":
        return 0, upload.rows, None
    total = upload.preview.get("writes", 0)
    if upload.state == "undoing":
        done = sum(
            upload.undo.get(n, 0) for n in ("values", "kept_values", "removed", "kept_customers", "kept_products")
        )
        return done, None, None
    return upload.applied_rows, total, min(upload.applied_rows / total, 1.0) if total else None
