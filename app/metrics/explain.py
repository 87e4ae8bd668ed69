"""“Why did they (not) get it?”: the gates on the way of a mail to one person, with the first that stopped it.

Truth before theory: where a row tells what became of them it is told as it is. Only where there is none it is computed
as of now, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.automations import keeping, triggers
from app.automations.answering import FIRED
from app.automations.automation import Automation
from app.automations.trigger_wait import TriggerWait
from app.customers.customer import Customer
from app.db import db
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from app.metrics import answered, fates, foretold, gates
from app.metrics.gates import Gate, passed, stopped, waits
from app.segments import keeping as segments


@dataclass(frozen=True)
class Explanation:
    """`is_foretold`: some of it is as of now, because nothing of that time was kept."""

    gates: tuple[Gate, ...]
    delivery: Delivery | None = None
    run: Run | None = None
    is_foretold: bool = False

    @property
    def stop(self) -> Gate | None:
        return next((one for one in self.gates if one.standing == gates.STOPPED), None)

    @property
    def wait(self) -> Gate | None:
        return next((one for one in self.gates if one.standing == gates.WAITS), None)

    @property
    def is_sent(self) -> bool:
        return self.delivery is not None and self.delivery.accepted_at is not None


def of_delivery(delivery: Delivery, customer: Customer, now: datetime) -> Explanation:
    run = db.session.get_one(Run, delivery.run_id)
    return Explanation(gates.laid_out(fates.of(delivery, run, customer, now)), delivery, run)


def of_run(run: Run, customer: Customer, now: datetime) -> Explanation:
    theirs = select(Delivery).where(Delivery.run_id == run.id, Delivery.customer_id == customer.id)
    delivery = db.session.scalars(theirs.order_by(Delivery.id.desc()).limit(1)).first()
    if delivery is not None:
        return of_delivery(delivery, customer, now)
    return Explanation(gates.laid_out(_not_in(run, customer, now)), None, run, is_foretold=run.started_at is not None)


def of_automation(automation: Automation, customer: Customer, now: datetime) -> Explanation:
    """The latest of what was kept: a mail, or something that waited for them."""
    mail = answered.latest_mail(automation.id, customer)
    wait = answered.latest_wait(automation.id, customer)
    if wait is not None and _is_later(wait, mail):
        return Explanation(gates.laid_out(answered.of_wait(wait)))
    reaction = answered.reaction_of(automation)
    if mail is not None and not (reaction and answered.again(automation, reaction, mail, now)):
        return of_delivery(mail, customer, now)
    run = _latest_run(automation) if triggers.is_by_clock(automation.trigger) else None
    if run is not None:
        return of_run(run, customer, now)
    told = [*_acts(automation), *_happened(automation, customer, now), *foretold.of(automation, customer, now)]
    return Explanation(gates.laid_out(told), is_foretold=True)


def _is_later(wait: TriggerWait, mail: Delivery | None) -> bool:
    """What was answered is told by its mail."""
    if mail is None or wait.outcome is None:
        return True
    run = db.session.get_one(Run, mail.run_id)
    return wait.outcome != FIRED and (wait.settled_at or wait.due_at) > (mail.accepted_at or run.created_date)


def _latest_run(automation: Automation) -> Run | None:
    mine = select(Run).where(Run.automation_id == automation.id).order_by(Run.id.desc())
    return db.session.scalars(mine.limit(1)).first()


def _acts(automation: Automation) -> Iterator[Gate]:
    if automation.archived_at:
        yield stopped("acts", "It is in the archive.", automation.archived_at)
    elif not automation.is_active:
        yield stopped("acts", "It is not active.")
    else:
        yield passed("acts", "It is active.")


def _happened(automation: Automation, customer: Customer, now: datetime) -> Iterable[Gate]:
    reaction = answered.reaction_of(automation)
    if reaction is not None:
        return answered.now(automation, reaction, customer, now)
    if automation.next_at is not None:
        return [waits("planned", "It has not run yet. It runs next then.", automation.next_at)]
    return [Gate("planned", gates.AHEAD, "It has not run yet.")]


def _not_in(run: Run, customer: Customer, now: datetime) -> Iterator[Gate]:
    """Nobody keeps who was not in the audience: what can be said is what is true now."""
    if run.state == "failed":
        yield stopped("planned", f"It failed, and nobody got anything: {run.state_reason}", run.finished_at)
    elif run.takes_more:
        yield from _not_answered(run, customer)
    elif run.started_at is None and run.state == "cancelled":
        yield stopped("planned", "It was cancelled before its people were looked up.", run.finished_at)
    elif run.started_at is None:
        yield waits("planned", "Its people are being looked up.")
    else:
        yield passed("planned", "Its people were looked up.", run.started_at)
        yield _not_in_segment(run, run.started_at, customer, now)


def _not_answered(run: Run, customer: Customer) -> Iterator[Gate]:
    automation = keeping.find(run.automation_id) if run.automation_id else None
    wait = answered.latest_wait(automation.id, customer, run) if automation and run.open_until else None
    if wait is None:
        yield stopped("planned", "Nothing that it answers was kept of them on that day.")
    else:
        yield from answered.of_wait(wait)


def _not_in_segment(run: Run, planned: datetime, customer: Customer, now: datetime) -> Gate:
    if customer.created_date > planned:
        return stopped("segment", "They signed up only after that.", customer.created_date)
    segment = segments.find(run.segment_id) if run.segment_id else None
    was_not = f"They were not in “{run.segment_name}” at that time"
    if segment is None:
        return stopped("segment", f"{was_not}. It was deleted since.")
    changed = " The segment was changed since." if segment.updated_date > planned else ""
    is_in, reason, trouble = foretold.membership(segment, customer, now)
    if is_in is None:
        return stopped("segment", f"{was_not}, and now it cannot be computed: {trouble}")
    since = "; now they are. What has changed about them was not kept." if is_in else ", nor are they now."
    return stopped("segment", was_not + since + changed, None, reason)
