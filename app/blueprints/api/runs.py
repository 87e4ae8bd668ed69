"""/api/v1/runs: how they stand; paused, resumed and cancelled by those who may send."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import msgspec
from flask import Blueprint, Response

from app.access import key
from app.blueprints.api import authored, lists, reading, run_shapes, taking
from app.blueprints.api.answers import answer
from app.blueprints.api.refusals import Refusal
from app.clock import clock
from app.db import db
from app.deliveries import directory, runs
from app.deliveries.run import Run
from app.deliveries.runs import Account, WrongState
from app.queue import ring
from app.receipts.idempotency import Answer

door = Blueprint("api_runs", __name__, url_prefix="/api/v1/runs")
OWN = (
    "id",
    "name",
    "automation_id",
    "state",
    "state_reason",
    "planned_for",
    "created_date",
    "started_at",
    "finished_at",
)


@door.get("")
@key("read")
def index() -> Response:
    return answer(lists.page(directory.after, _known, run_shapes.RunList))


@door.get("/<int:run_id>")
@key("read")
def show(run_id: int) -> Response:
    return answer(_known([find(run_id)])[0])


@door.post("/<int:run_id>/pause")
@key("send")
def pause(run_id: int) -> Response:
    said = f"Paused by {authored.by().name} (API)."
    return _done(run_id, ("paused",), lambda run: runs.pause(run, said, authored.by()))


@door.post("/<int:run_id>/resume")
@key("send")
def resume(run_id: int) -> Response:
    return _done(run_id, ("planning", "sending"), lambda run: runs.resume(run, authored.by()))


@door.post("/<int:run_id>/cancel")
@key("send")
def cancel(run_id: int) -> Response:
    return _done(run_id, ("cancelled",), lambda run: runs.cancel(run, clock(), authored.by()))


def find(run_id: int) -> Run:
    run = runs.find(run_id)
    if run is None:
        raise Refusal(404, "not_found", f"There is no run {run_id}.")
    return run


def _done(run_id: int, wanted: Sequence[str], do: Callable[[Run], None]) -> Response:
    """It may come without a body: there is nothing to say."""
    answer = taking.once(reading.if_any(), lambda _: _do(run_id, wanted, do), bell="automations.plan_runs")
    ring("deliveries.send")
    return answer


def _do(run_id: int, wanted: Sequence[str], do: Callable[[Run], None]) -> Answer:
    """Asked for what is so already, it stays so."""
    run = find(run_id)
    try:
        do(run)
    except WrongState as late:
        db.session.rollback()
        if find(run_id).state not in wanted:
            raise Refusal(409, "wrong_state", str(late)) from None
    db.session.flush()
    return Answer(200, msgspec.json.encode(_known([find(run_id)])[0]))


def _known(found: Sequence[Run]) -> list[run_shapes.KnownRun]:
    accounts = runs.accounts([run.id for run in found])
    return [_one(run, accounts.get(run.id, Account())) for run in found]


def _one(run: Run, account: Account) -> run_shapes.KnownRun:
    own: dict[str, Any] = {name: getattr(run, name) for name in OWN}
    return run_shapes.KnownRun(**own, **asdict(account))
