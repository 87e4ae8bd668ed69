"""What an automation that answers people made of one of them: what happened, what waited for it, and how that ended.

A wait that was kept is a fact. Whatever was answered at once and came to nothing was not kept, and is asked again now.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.audit import trail
from app.automations import answering, definition, keeping, reactions, waits
from app.automations.automation import Automation
from app.automations.behaviours import scanning
from app.automations.reactions import Happening, Reaction
from app.automations.trigger_wait import TriggerLast, TriggerWait
from app.customers.customer import Customer
from app.db import db
from app.deliveries.delivery import Delivery
from app.deliveries.run import Run
from app.events import matching
from app.metrics.gates import UNKNOWN, Gate, passed, stopped
from app.metrics.gates import waits as waiting
from app.segments import words
from app.segments.member import SegmentMember

EVER = datetime(2000, 1, 1, tzinfo=UTC)
SLACK = timedelta(minutes=5)  # an event comes a moment before its answer
ONLY_NEW = "Who was there at the first look, or came while it was not active, gets nothing."
DID = {
    "abandoned_cart": "They left their cart alone.",
    "browse": "They looked at a product again and again.",
    "price_drop": "A product that they watch costs less.",
    "back_in_stock": "A product that they wait for is there again.",
}
# Which gate an outcome closed.
CLOSED = {
    answering.OUTSIDE: "segment",
    answering.TOO_OFTEN: "often",
    answering.FULFILLED: "hoped",
    waits.HAPPENED: "unless",
    waits.INACTIVE: "acts",
    waits.ARCHIVED: "acts",
    waits.CHANGED: "acts",
    waits.LATE: "due",
}


def reaction_of(automation: Automation) -> Reaction | None:
    """None: it acts by the clock, or its trigger is not understood any more."""
    if reactions.kind_of(automation.trigger) == "":
        return None
    try:
        return reactions.read(automation.trigger, ZoneInfo(definition.zone_of(automation)))
    except reactions.Wrong:
        return None


def of_wait(wait: TriggerWait) -> Iterator[Gate]:
    yield passed("happened", _what(wait), wait.happened_at)
    if wait.outcome is None:
        error = f" It could not be settled yet: {wait.error}" if wait.error else ""
        yield waiting("due", f"It waits until then.{error}", wait.due_at)
    elif wait.outcome == answering.FIRED:
        yield Gate("planned", UNKNOWN, "It was answered, but no mail of that was kept.", wait.settled_at)
    else:
        said = waits.OUTCOMES.get(wait.outcome, wait.outcome)
        yield stopped(CLOSED.get(wait.outcome, "acts"), said, wait.settled_at)


def _what(wait: TriggerWait) -> str:
    told = (wait.facts or {}).get("event", {}).get("name")
    if told and wait.occasion.startswith("event"):
        return f"They did “{told}”."
    if wait.occasion.startswith(reactions.BEHAVIOUR):
        return DID.get((wait.facts or {}).get(reactions.BEHAVIOUR, ""), "They did something in the shop.")
    return "They joined the segment." if wait.occasion.startswith("entered") else "They got the mail before it."


def now(automation: Automation, reaction: Reaction, customer: Customer, at: datetime) -> Iterator[Gate]:
    """Of somebody for whom nothing was kept."""
    kinds = {"event": _event, "enters_segment": _entered, "after": _after, reactions.BEHAVIOUR: _in_shop}
    return kinds[reaction.kind](automation, reaction, customer, at)


def again(automation: Automation, reaction: Reaction, mail: Delivery, at: datetime) -> bool:
    """It happened to them once more after what this mail answers."""
    told = (mail.facts or {}).get("event", {}).get("occurred_at")
    if reaction.to is None or not told:
        return False
    return _latest(reaction.to, automation, mail.customer_id, datetime.fromisoformat(told), at) is not None


def latest_mail(automation_id: int, customer: Customer) -> Delivery | None:
    mine = select(Delivery).join(Run, Run.id == Delivery.run_id).where(Run.automation_id == automation_id)
    theirs = mine.where(Delivery.customer_id == customer.id).order_by(Delivery.id.desc())
    return db.session.scalars(theirs.limit(1)).first()


def latest_wait(automation_id: int, customer: Customer, run: Run | None = None) -> TriggerWait | None:
    """`run`: of those that were due while it was open."""
    theirs = select(TriggerWait).where(
        TriggerWait.automation_id == automation_id, TriggerWait.customer_id == customer.id
    )
    if run is not None:
        theirs = theirs.where(TriggerWait.due_at >= run.created_date, TriggerWait.due_at < run.open_until)
    return db.session.scalars(theirs.order_by(TriggerWait.id.desc()).limit(1)).first()


def _event(automation: Automation, reaction: Reaction, customer: Customer, at: datetime) -> Iterator[Gate]:
    assert reaction.to is not None
    happened = _latest(reaction.to, automation, customer.id, EVER, at)
    if happened is None:
        yield _never(reaction.to, automation, customer, at)
        return
    yield passed("happened", f"They did “{reaction.to.name}”.", happened)
    since = trail.latest("activated", "automation", automation.id)
    if automation.is_active and since and happened < since:
        yield stopped("acts", "It was not active yet when they did.", since)
    yield from _too_often(automation, reaction, customer, happened)


def _never(to: Happening, automation: Automation, customer: Customer, at: datetime) -> Gate:
    """With what it must be like, where they did something of that name."""
    like = words.plain(words.where(to.where))
    other = _latest(Happening(to.name), automation, customer.id, EVER, at) if to.where else None
    if other is None:
        return stopped("happened", f"They have not done “{to.name}”.")
    return stopped("happened", f"They did “{to.name}”, but never one{like}.", other)


def _too_often(automation: Automation, reaction: Reaction, customer: Customer, happened: datetime) -> Iterator[Gate]:
    last = db.session.get(TriggerLast, (automation.id, customer.id)) if reaction.at_most_every else None
    if last and reaction.at_most_every and last.at - SLACK < happened < last.at + reaction.at_most_every:
        yield stopped("often", "They had one not long before.", last.at)


def _entered(automation: Automation, _reaction: Reaction, customer: Customer, _at: datetime) -> Iterator[Gate]:
    seen = db.session.get(SegmentMember, (automation.segment_id, customer.id)) if automation.segment_id else None
    if seen is None:
        yield stopped("happened", "They have not joined its segment, as far as it was looked at.")
    else:
        yield stopped("happened", f"They are in its segment since then. {ONLY_NEW}", seen.since)


def _in_shop(automation: Automation, reaction: Reaction, customer: Customer, at: datetime) -> Iterator[Gate]:
    """Whoever it called had a row: so it did not."""
    yield from _too_often(automation, reaction, customer, at)
    looked = scanning.last(automation)
    if looked is None:
        yield Gate("happened", UNKNOWN, "It has not looked at the shop yet.")
    else:
        yield stopped("happened", "It found nothing of them when it looked at the shop last.", looked.finished_at)


def _after(automation: Automation, reaction: Reaction, customer: Customer, at: datetime) -> Iterator[Gate]:
    before = keeping.find(reaction.automation_id)
    name = before.name if before else "the automation before it"
    mail = latest_mail(reaction.automation_id, customer)
    if mail is None or mail.accepted_at is None:
        yield stopped("happened", f"They did not get “{name}”.")
    elif mail.state not in ("accepted", "delivered"):
        yield stopped("happened", f"“{name}” did not reach them: it is {mail.state}.", mail.accepted_at)
    else:
        yield passed("happened", f"They got “{name}”.", mail.accepted_at)
        yield from _due(automation, mail.accepted_at, mail.accepted_at + reaction.delay, at)


def _due(automation: Automation, accepted: datetime, due: datetime, at: datetime) -> Iterator[Gate]:
    if due > at:
        yield waiting("due", "It waits until then.", due)
    elif automation.looked_until is None or automation.looked_until < accepted:
        yield stopped("acts", "It has not looked at that mail: it was not active when it was due.", due)


def _latest(to: Happening, automation: Automation, customer_id: int, after: datetime, at: datetime) -> datetime | None:
    zone = ZoneInfo(definition.zone_of(automation))
    return matching.latest(customer_id, to.name, to.where, after, at, zone)
