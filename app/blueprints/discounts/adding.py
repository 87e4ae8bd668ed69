"""Codes come into a pool by a file or by paste, and leave it as a CSV for the shop."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, Response, abort, request, url_for

from app import htmx
from app.access import actor, may, takes
from app.audit import record
from app.blueprints.discounts import found
from app.catalogue import code_lists, given_codes
from app.catalogue.discount import UPLOADED, DiscountPool
from app.db import db
from app.deliveries import discounting
from app.queue import ring

door = Blueprint("discount_codes", __name__, url_prefix="/discounts/<int:pool_id>/codes")
LARGEST = 32 * 1024 * 1024  # a million codes of thirty characters
AROUND = 64 * 1024  # what stands in the form around them
SHOWN = 100  # lines that were refused


@door.get("/new")
@may("edit")
def new(pool_id: int) -> Response:
    return _form(_uploaded(pool_id))


@door.post("")
@may("edit")
@takes(LARGEST + AROUND)
def add(pool_id: int) -> Response:
    pool, written = _uploaded(pool_id), list(_written())
    if not written:
        return _form(pool, "Choose a file, or paste the codes.", 422)
    if len(written) > code_lists.MOST:
        return _form(pool, f"At most {code_lists.MOST:,} codes at once; these are {len(written):,}.", 422)
    added = discounting.add(pool, written, actor())
    db.session.commit()
    ring("deliveries.send")
    return htmx.answer("discounts/added.html", pool=pool, added=added, shown=SHOWN)


@door.get("/export")
@may("send")
def export(pool_id: int) -> Response:
    pool = found(pool_id)
    record(actor(), "exported the codes of", "discount pool", (pool.id, pool.name))
    db.session.commit()
    headers = {"Content-Disposition": f'attachment; filename="codes-{pool.id}.csv"'}
    return Response(given_codes.lines(pool), mimetype="text/csv", headers=headers)


def _uploaded(pool_id: int) -> DiscountPool:
    """Into the others nothing can be put."""
    pool = found(pool_id)
    return pool if pool.kind == UPLOADED else abort(404)


def _written() -> Iterable[str]:
    file = request.files.get("file")
    if file is not None and file.filename:
        return code_lists.cells(file.stream.read())
    return code_lists.lines(request.form.get("codes", ""))


def _form(pool: DiscountPool, refused: str = "", code: int = 200) -> Response:
    return htmx.answer(
        "discounts/add.html",
        code=code,
        pool=pool,
        refused=refused,
        action=url_for("discount_codes.add", pool_id=pool.id),
        largest=LARGEST,
        most=code_lists.MOST,
        pasted=request.form.get("codes", "")[:10_000],
    )
