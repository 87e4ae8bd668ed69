"""What is done with a run: paused, resumed, cancelled, what failed tried again; and the account reopened."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, abort, url_for

from app import htmx
from app.access import actor, may
from app.blueprints.runs import found, shown
from app.clock import clock
from app.db import db
from app.deliveries import accounts, progress, runs
from app.deliveries.run import OPEN, Run
from app.deliveries.runs import WrongState
from app.queue import ring

door = Blueprint("run_acts", __name__, url_prefix="/runs")
ASKED = {"cancellation": OPEN, "retries": ("sending", "finished")}


@door.post("/<int:run_id>/pause")
@may("send")
def pause(run_id: int) -> Response:
    return _done(found(run_id), lambda run: runs.pause(run, f"Paused by {actor().name}.", actor()), "It is paused.")


@door.post("/<int:run_id>/resume")
@may("send")
def resume(run_id: int) -> Response:
    return _done(found(run_id), lambda run: runs.resume(run, actor()), "It goes on.")


@door.get("/<int:run_id>/<any(cancellation, retries):act>")
@may("send")
def ask(run_id: int, act: str) -> Response:
    run = found(run_id)
    if run.state not in ASKED[act]:
        return htmx.go(url_for("runs.show", run_id=run_id), f"The run is {run.state}.", "bad")
    return htmx.answer("runs/sure.html", run=run, act=act, account=runs.account(run))


@door.post("/<int:run_id>/cancellation")
@may("send")
def cancel(run_id: int) -> Response:
    said = "It is cancelled: nothing of it goes out any more."
    return _done(found(run_id), lambda run: runs.cancel(run, clock(), actor()), said)


@door.post("/<int:run_id>/retries")
@may("send")
def retry(run_id: int) -> Response:
    return _done(found(run_id), lambda run: runs.retry_failed(run, actor()), "What failed is tried again.")


@door.post("/<int:run_id>/opening")
@may("send")
def reopen(run_id: int) -> Response:
    """Somebody has seen to the account at the provider."""
    closed = progress.closed_account() or abort(404)
    return _done(found(run_id), lambda _run: accounts.reopen(closed.name, actor()), "The account is open again.")


@door.post("/opening")
@may("send")
def reopen_account() -> Response:
    """The same where no run waits for it: a test or an invitation may."""
    closed = progress.closed_account() or abort(404)
    accounts.reopen(closed.name, actor())
    db.session.commit()
    ring("deliveries.send")
    ring("deliveries.post_notices")
    return htmx.go(url_for("runs.index"), "The account is open again.")


def _done(run: Run, do: Callable[[Run], None], said: str) -> Response:
    try:
        do(run)
    except WrongState as late:
        db.session.rollback()
        there = url_for("runs.show", run_id=run.id)
        return htmx.go(there, str(late), "bad") if htmx.wants_fragment() else shown(run, 409, str(late))
    db.session.commit()
    ring("automations.plan_runs")
    ring("deliveries.send")
    return htmx.go(url_for("runs.show", run_id=run.id), said)
