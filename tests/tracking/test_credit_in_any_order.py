"""Random mails, clicks, orders, refunds and logins, told in any order and looked at in between: the same as all at
once, the same as everything counted again, and the same as a plain loop works it out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update

from app.catalogue import orders
from app.db import db
from app.deliveries import refs
from app.tracking import credit, jobs, recounting
from app.tracking.hit import Hit
from tests import emptying
from tests.automations.happening import happens
from tests.catalogue.buying import bring, order
from tests.factories import NOW, make_customer
from tests.tracking.leading import HOUR, buys, click, counted, mail, make_sent, settle

GOAL, WITHIN = {"event": "login", "within": "2d"}, timedelta(days=2)
REACH, MONTH = timedelta(days=5), timedelta(days=30)
hours = st.sampled_from([0, 1, 2, 10, 20, 30, 50, 120, 121, 130, 720, 722]).map(lambda count: NOW + count * HOUR)
MAIL = st.tuples(hours, st.booleans(), st.integers(0, 1))  # at, whether it has the goal, whose
CLICK = st.tuples(st.just("click"), hours, st.sampled_from(["human", "machine", "judged anew"]), st.integers(0, 3))
BUY = st.tuples(st.just("buy"), hours, st.sampled_from(["paid", "cancelled", "refunded"]), st.integers(-2, 3))
LOGIN = st.tuples(st.just("login"), hours, st.just(""), st.integers(0, 1))
RULES = ("first_click", "last_click", "last_send")
GIVEN_BACK = {"paid": 100, "cancelled": 4900, "refunded": 4900}


@dataclass
class Mail:
    id: int
    at: datetime
    has_goal: bool
    customer_id: int
    clicks: list[datetime] = field(default_factory=list)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(MAIL, min_size=1, max_size=4), st.lists(st.one_of(CLICK, BUY, LOGIN), max_size=7), st.randoms())
def test_in_whatever_order_facts_come_the_credit_is_what_all_of_them_say(app, sent, facts, chance):
    db.session.rollback()
    emptying.clean()
    people = [make_customer(name, email=f"{name}@posteo.example") for name in ("maya", "tom")]
    runs = [make_sent("a"), make_sent("b", GOAL)]
    mails = [
        Mail(mail(runs[aim], people[who], at, occasion=str(place)), at, aim, people[who].id)
        for place, (at, aim, who) in enumerate(sent)
    ]
    known = tell(people, mails, facts, chance)
    found = counted()
    assert seen(found) == worked_out(mails, known)
    recount()
    assert counted() == found
    db.session.execute(text("DELETE FROM conversions"))
    db.session.execute(text("UPDATE deliveries SET converted_at = NULL, reached_at = NULL"))
    recount()
    assert counted() == found


def tell(people: list[Any], mails: list[Mail], facts: list[Any], chance: Any) -> list[tuple[Any, ...]]:
    """In one order after another, what changes later after all the rest; returns what it comes to."""
    known: list[tuple[Any, ...]] = []
    later = []
    for place, (kind, at, how, which) in chance.sample(list(enumerate(facts)), len(facts)):
        one = mails[which % len(mails)]
        if kind == "click":
            hit = click(one.id, at, how == "human")
            credit.again([one.customer_id], at)
            later += [(hit.id, one, at)] if how == "judged anew" else []
            one.clicks += [at] if how != "machine" else []
        elif kind == "login":
            happens(people[which], "login", at)
            known.append(("event", people[which].id, at, None, None, 0))
        else:
            ref = refs.of(one.id) if which >= 0 else None
            buys(people[0], f"order {place}", at, ref=ref)
            named = one.id if ref and one.customer_id == people[0].id else None
            known.append(("order", people[0].id, at, f"order {place}", named, GIVEN_BACK[how]))
            later.append((f"order {place}", how))
        if chance.random() < 0.3:
            settle()
    for change in chance.sample(later, len(later)):
        _change(*change)
    settle()
    return known


def _change(key: Any, *how: Any) -> None:
    if isinstance(key, str):
        said = {"refunded_total": 100} if how[0] == "paid" else {"status": how[0]}
        bring(orders, order(key, **said))
        return
    db.session.execute(update(Hit).where(Hit.id == key).values(is_human=True))
    credit.again([how[0].customer_id], how[1])
    db.session.commit()


def recount() -> None:
    recounting.begin()
    db.session.commit()
    jobs.recount()


def seen(found: list[tuple[Any, ...]]) -> list[str]:
    credits = [(one[1], one[2], one[3], one[4], one[7], one[9], one[10], one[12]) for one in found if len(one) > 3]
    return sorted(map(str, [*credits, *(one for one in found if len(one) == 3)]))


def worked_out(mails: list[Mail], known: list[tuple[Any, ...]]) -> list[str]:
    """As somebody with paper and much time would do it."""
    lines: list[tuple[Any, ...]] = []
    converted: dict[int, datetime] = {}
    reached: dict[int, datetime] = {}
    for kind, who, at, order_id, named, back in known:
        theirs = [one for one in mails if one.customer_id == who]
        aimed = [one for one in theirs if one.has_goal and one.at <= at <= one.at + WITHIN]
        counts = theirs if kind == "order" else aimed
        if kind == "event":
            reached |= {one.id: min(at, reached.get(one.id, at)) for one in aimed}
        clicks = [(when, one.id) for one in counts for when in one.clicks if at - REACH <= when <= at]
        sends = [(one.at, one.id) for one in counts if at - REACH <= one.at <= at]
        has_part = named or aimed or any(at - MONTH <= one.at <= at for one in theirs) or clicks
        if not (has_part if kind == "order" else aimed):
            continue
        first = min(clicks, default=None)
        last = max(clicks, default=None)
        given = {
            "first_click": (named, "ref") if named else (first[1], "click") if first else None,
            "last_click": (named, "ref") if named else (last[1], "click") if last else None,
            "last_send": (max(sends)[1], "send") if sends else None,
        }
        credits = [(rule, *given[rule]) for rule in RULES if given[rule]] or [(None, None, None)]
        lines += [(kind, who, at, order_id, back, *one) for one in credits]
        if winner := given["last_click"]:
            converted[winner[0]] = min(at, converted.get(winner[0], at))
    marks = [(one.id, converted.get(one.id), reached.get(one.id)) for one in mails]
    return sorted(map(str, [*lines, *marks]))
