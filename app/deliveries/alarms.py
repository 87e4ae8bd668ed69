"""What goes wrong with mail, told once as an alert that names its cause; and what ends it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from app.alerts import keeping as alerts
from app.db import db
from app.deliveries.run import Run
from app.settings import team

TOO_MANY = 0.05  # of the mails that were tried
RECENT = 1000  # of a run that takes one mail after the other, all day
NOT_PLANNED = "Nobody got anything. It was tried several times; Settings → Queues can try it again."
CLOSED = "It refuses our mail, or what it allows is used up. Everything waits, nothing is lost."
OPENS = "It opens by itself when the provider's time is over."
USED_UP = "Nothing is lost, and no mail goes out without one: they follow as soon as codes are added."
RUN_LOW = "Once there are none, mails wait. Add codes before that."
# A batch that was set aside once and went out later counts no more.
LOST = text(
    """
    SELECT count(*) FILTER (WHERE d.state <> 'skipped') AS tried,
           count(*) FILTER (WHERE d.state IN ('failed', 'uncertain')) AS lost,
           coalesce(bool_or(d.state IN ('failed', 'uncertain') AND b.failed_at IS NOT NULL), false) AS is_set_aside
      FROM (SELECT run_id, part, state FROM deliveries
             WHERE run_id = :run AND part IS NOT NULL ORDER BY part DESC LIMIT :most) d
      LEFT JOIN batches b ON b.run_id = d.run_id AND b.part = d.part
    """
)


def failed(run: Run) -> None:
    """Of an automation that fails each time there is one alert, which points at the latest."""
    cause = _of_automation(run.automation_id) if run.automation_id else f"run-failed:{run.id}"
    settle_unplanned(run)
    alerts.sound(cause, f"A run of “{run.name}” failed", f"Nobody got anything: {run.state_reason}", _page(run))


def unplanned(run: Run) -> None:
    alerts.sound(f"run-unplanned:{run.id}", f"A run of “{run.name}” could not be planned", NOT_PLANNED, _page(run))


def settle_unplanned(run: Run) -> None:
    alerts.settle(f"run-unplanned:{run.id}", f"The run is {run.state}.")


def planned(run: Run) -> None:
    settle_unplanned(run)
    if run.automation_id:
        for cause in (_of_automation(run.automation_id), _of_missed(run.automation_id)):
            alerts.settle(cause, "The next run was planned.")


def could_not_run(automation_id: int, name: str, said: str) -> None:
    alerts.sound(_of_automation(automation_id), f"“{name}” could not run", said, f"/automations/{automation_id}")


def missed(automation_id: int, name: str, planned_for: datetime) -> None:
    there = planned_for.astimezone(team.zone())
    said = f"Nothing was at work at {there:%Y-%m-%d %H:%M %Z}, and it is too late for that mail now."
    alerts.sound(_of_missed(automation_id), f"“{name}” missed a run", said, f"/automations/{automation_id}")


def gone(automation_id: int) -> None:
    """It will not run again: nobody can do anything about it."""
    for cause in (_of_automation(automation_id), _of_missed(automation_id)):
        alerts.settle(cause, "The automation was archived or deleted.")


def gone_with(run: Run) -> None:
    """Its automation was made for it alone, and goes: that it failed is still to be seen."""
    if run.automation_id:
        alerts.rename(_of_automation(run.automation_id), f"run-failed:{run.id}")


def look_at(finished: Sequence[Run]) -> None:
    """What became of the mails of runs that are over."""
    for run in finished:
        most = None if run.automation_id else RECENT
        tried, lost, is_set_aside = db.session.execute(LOST, {"run": run.id, "most": most}).one()
        if is_set_aside or lost > TOO_MANY * tried:
            _lost(run, lost, tried)


def tried_again(run: Run) -> None:
    alerts.settle(f"run-lost:{run.id}", "What failed was tried again.")


def braked(run: Run) -> None:
    alerts.sound(_of_brake(run), f"“{run.name}” paused itself", run.state_reason, _page(run))


def waits(run: Run) -> None:
    alerts.sound(_of_look(run), f"“{run.name}” waits for a look", run.state_reason, _page(run))


def attended(run: Run, how: str) -> None:
    """Whatever made it pause, somebody has decided what becomes of it."""
    for cause in (_of_brake(run), _of_look(run)):
        alerts.settle(cause, how)


def came_back(run: Run, said: str) -> None:
    """Of a run that is over: there is nothing left to stop, but the next one should not go out like that."""
    title = f"Much of “{run.name}” bounced or was reported"
    alerts.sound(f"run-came-back:{run.id}", title, f"{said} All of it is out already.", _page(run))


def closed(account: str, opens_at: datetime | None) -> None:
    """Not mailed: there is nothing that would carry it."""
    said = f"{CLOSED} {OPENS}" if opens_at else CLOSED
    alerts.sound(f"account-closed:{account}", "The account at the provider is closed", said, "/runs", is_mailed=False)


def opened(account: str) -> None:
    alerts.settle(f"account-closed:{account}", "The account is open again.")


def sender_stands(domain: str, refused: str) -> None:
    """Not mailed: it would come from there."""
    cause = f"sender-refused:{domain}"
    if refused:
        title = f"The provider takes no mail from {domain}"
        alerts.sound(cause, title, refused, "/settings/senders", is_mailed=False)
    else:
        alerts.settle(cause, "The provider does not refuse it any more.")


def sender_gone(domain: str) -> None:
    alerts.settle(f"sender-refused:{domain}", "No mail comes from there any more.")


def codes_used_up(pool_id: int, name: str, mails: int) -> None:
    title = f"The codes of “{name}” are used up: {_mails(mails)}"
    alerts.sound(f"codes-used-up:{pool_id}", title, USED_UP, f"/discounts/{pool_id}")


def codes_go_on(pool_id: int, how: str) -> None:
    alerts.settle(f"codes-used-up:{pool_id}", how)


def codes_run_low(pool_id: int, name: str, least: int) -> None:
    title = f"“{name}” has fewer than {least:,} codes left"
    alerts.sound(f"codes-low:{pool_id}", title, RUN_LOW, f"/discounts/{pool_id}")


def codes_suffice(pool_id: int) -> None:
    alerts.settle(f"codes-low:{pool_id}", "There are enough codes again.")


def pool_gone(pool_id: int) -> None:
    for cause in (f"codes-used-up:{pool_id}", f"codes-low:{pool_id}"):
        alerts.settle(cause, "The pool was deleted.")


def _mails(count: int) -> str:
    return f"{count:,} {'mail waits' if count == 1 else 'mails wait'}"


def _lost(run: Run, lost: int, tried: int) -> None:
    title = f"{lost:,} of {tried:,} mails of “{run.name}” failed or are uncertain"
    alerts.sound(
        f"run-lost:{run.id}", title, "The run says who they were to, and why; it can try them again.", _page(run)
    )


def _of_automation(automation_id: int) -> str:
    return f"automation-failing:{automation_id}"


def _of_missed(automation_id: int) -> str:
    return f"automation-missed:{automation_id}"


def _of_brake(run: Run) -> str:
    """Each time anew: whoever dismissed the one before has not seen this one."""
    return f"run-braked:{run.id}:{(run.judged_from or {}).get('outcomes', 0)}"


def _of_look(run: Run) -> str:
    return f"run-waits:{run.id}"


def _page(run: Run) -> str:
    return f"/runs/{run.id}"
