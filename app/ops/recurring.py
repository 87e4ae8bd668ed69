"""Every recurring job and its period, on one screen. Each has a row that is claimed like any other work.

However many schedulers ring, each job runs once a period; one that is late runs once, not once per missed time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from app.accounts import sign_in
from app.alerts import keeping as alerts
from app.automations import entering, following, schedule, waits
from app.automations.behaviours import scanning
from app.automations.launches import shelf, steps
from app.catalogue import jobs as catalogue
from app.catalogue import weeks
from app.consent import signups
from app.db import db
from app.deliveries import accounts, braking, canary, local_outbox, runs, verification
from app.events import keys, partitions, pending
from app.hooks import directory as hook_directory
from app.hooks import raised
from app.imports import tidying as import_tidying
from app.metrics import rolling
from app.ops import joining, monday, sweeping, telling, tidying, watching
from app.ops.clockwork import RecurringRow
from app.receipts import idempotency, keep
from app.segments import jobs as segments
from app.tracking import keeping as hit_keeping
from app.tracking import reviewing
from app.tracking.receipts import asking, hearing

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True)
class Recurring:
    name: str
    every: timedelta
    queue: str
    do: Callable[[datetime], object]


RECURRING = (
    Recurring("Make the runs that are due", 5 * SECOND, "runs", schedule.fire_due),
    Recurring("Look again when automations act next", 10 * MINUTE, "runs", schedule.refresh),
    Recurring("Answer those who joined a segment", MINUTE, "runs", entering.look),
    Recurring("Look at the shop for whatever is answered at once", MINUTE, "runs", scanning.plan_at_once),
    Recurring("Follow mails up", MINUTE, "runs", following.follow),
    Recurring("Move product launches on", 5 * SECOND, "runs", steps.move_on),
    Recurring("Launch what the catalogue tells of", 10 * SECOND, "runs", shelf.look),
    Recurring("Finish the runs whose mails are all out", 10 * SECOND, "send", runs.finish_done),
    Recurring("Pause the runs that go wrong", 5 * SECOND, "runs", braking.look_at_all),
    Recurring("Let the others follow where the first went ahead", 5 * SECOND, "runs", canary.let_go_due),
    Recurring("Mail to the admins what went wrong", 10 * SECOND, "send", telling.tell),
    Recurring("Look for what goes wrong by itself", MINUTE, "send", watching.watch),
    Recurring("Mail the figures of the week on Mondays", 5 * MINUTE, "upkeep", monday.send),
    Recurring("Tell other systems what went wrong", 10 * SECOND, "upkeep", raised.tell),
    Recurring("Open the account at the provider when its time has come", MINUTE, "send", accounts.open_due),
    Recurring("Match what providers told with mails of now", 5 * MINUTE, "events", hearing.match_again),
    Recurring("Ask what became of mails that nobody told of", MINUTE, "upkeep", asking.ask),
    Recurring("See which domains mail comes from", 10 * MINUTE, "upkeep", verification.settle),
    Recurring("Add up what became of the mails", 5 * SECOND, "upkeep", rolling.roll_up),
    Recurring("Make the months of events ahead", 6 * HOUR, "upkeep", partitions.ensure_ahead),
    Recurring("Make the weeks of views ahead", 6 * HOUR, "upkeep", weeks.ensure_ahead),
    Recurring("Drop the weeks of views that are too old", 6 * HOUR, "upkeep", weeks.drop_old),
    Recurring("Forget old keys of events", 24 * HOUR, "upkeep", keys.forget_old),
    Recurring("Join what waits with who is known by now", 5 * MINUTE, "events", joining.join_missed),
    Recurring("Forget events that nobody came for", 24 * HOUR, "upkeep", pending.forget_old),
    Recurring("Forget answers that were settled long ago", 24 * HOUR, "upkeep", waits.forget_old),
    Recurring("Forget what people were called for a year ago", 24 * HOUR, "upkeep", scanning.forget_old),
    Recurring("Forget old alerts that are settled", 24 * HOUR, "upkeep", alerts.forget_old),
    Recurring("Forget who got the mail of a Monday", 24 * HOUR, "upkeep", monday.forget_old),
    Recurring("Forget old calls of webhooks", 24 * HOUR, "upkeep", hook_directory.forget_old),
    Recurring("Forget old failed sign-ins", HOUR, "upkeep", sign_in.forget_old_failures),
    Recurring("Forget old Idempotency-Keys", HOUR, "upkeep", idempotency.forget_old),
    Recurring("Forget old receipts of mails", 24 * HOUR, "upkeep", hearing.forget_old),
    Recurring("Forget which mails were asked about", 24 * HOUR, "upkeep", asking.forget_old),
    Recurring("Forget the bodies of old calls", 24 * HOUR, "upkeep", keep.forget_old),
    Recurring("Forget expired invitations", 24 * HOUR, "upkeep", sweeping.forget_expired_invitations),
    Recurring("Forget sign-ups that nobody confirmed", 24 * HOUR, "upkeep", signups.forget_unconfirmed),
    Recurring("Count what sells and what goes together", HOUR, "upkeep", catalogue.begin),
    Recurring("Tidy what imports left behind", HOUR, "upkeep", import_tidying.tidy),
    Recurring("Count the segments that nobody has counted for six hours", 10 * MINUTE, "upkeep", segments.measure_due),
    Recurring("Empty the local outbox of old mail", 24 * HOUR, "upkeep", local_outbox.forget_old),
    Recurring("Judge opens and clicks by new rules", 10 * MINUTE, "upkeep", reviewing.begin_where_rules_changed),
    Recurring("Judge all opens and clicks again", 30 * 24 * HOUR, "upkeep", reviewing.begin_again),
    Recurring("Forget old opens and clicks", 24 * HOUR, "upkeep", hit_keeping.forget_old),
    Recurring("Tidy the queues in Redis", MINUTE, "upkeep", tidying.tidy),
)


def do(name: str, now: datetime) -> object:
    """Long work yields wherever it may be committed."""
    return next(one for one in RECURRING if one.name == name).do(now)


def settle() -> None:
    """A row for each job of the table above, none for others; a new period counts from now on."""
    rows = [{"name": one.name, "queue": one.queue, "every": one.every} for one in RECURRING]
    kept = db.session.execute(select(RecurringRow.name, RecurringRow.queue, RecurringRow.every))
    if {(row.name, row.queue, row.every) for row in kept} == {(one.name, one.queue, one.every) for one in RECURRING}:
        return
    new = insert(RecurringRow).values(rows)
    changed = {"queue": new.excluded.queue, "every": new.excluded.every}
    db.session.execute(new.on_conflict_do_update(index_elements=[RecurringRow.name], set_=changed))
    db.session.execute(delete(RecurringRow).where(RecurringRow.name.not_in([one.name for one in RECURRING])))


def run_now(name: str) -> RecurringRow | None:
    row = db.session.get(RecurringRow, name)
    if row:
        row.not_before = row.waiting_since = func.now()
        db.session.flush()
    return row


def rows() -> list[RecurringRow]:
    return list(db.session.scalars(select(RecurringRow).order_by(RecurringRow.name)))
