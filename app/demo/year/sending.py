"""Goes through the year in order of time: who gets what, what becomes of it, and what that leads to."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from app.consent.statements import Statement
from app.demo import behaviour
from app.demo.chance import dice
from app.demo.plan import Plan
from app.demo.rhythm import DAY
from app.demo.visits import ORDER
from app.demo.year import campaigns, plans, readers, returning, rows
from app.demo.year.campaigns import CART, CART_AGAIN, RECEIPT
from app.demo.year.plans import Planned
from app.demo.year.readers import Reader, Wishes
from app.demo.year.returning import Returned
from app.demo.year.rows import Mail

REFUSED = "550 5.1.1 no such mailbox"
STUCK = "554 5.7.1 message refused: reputation"
MALFORMED = "The provider refused it: the address is malformed."
BAD_PROVIDER = "outlook.example"  # had a week in which it took little
BAD_DAYS = range(87, 96)  # so many days ago
BRAKE = 0.05
LEAST = 100
PAUSE = 3 * 3600
WATCHED = 5 * DAY  # whoever watches what came back of the latest runs finds nothing to complain about


@dataclass(frozen=True)
class Call:
    """One mail that is asked for by what somebody did."""

    customer_id: int
    occasion: str
    facts: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Braked:
    """A run that paused itself, and was resumed by somebody."""

    run_id: int
    name: str
    at: int
    resumed: int
    outcomes: int
    bounced: int


@dataclass
class Told:
    """Everything that came of it."""

    runs: list[dict[str, Any]] = field(default_factory=list)
    variants: list[dict[str, Any]] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)
    hits: list[str] = field(default_factory=list)
    events: list[tuple[int, int, str]] = field(default_factory=list)  # at, customer, name and properties
    refs: dict[str, int] = field(default_factory=dict)  # the mail that an order names
    statements: list[Statement] = field(default_factory=list)
    suppressed: list[tuple[str, str, int, str]] = field(default_factory=list)  # address, reason, at, note
    braked: Braked | None = None


class Year:
    def __init__(
        self, plan: Plan, people: Mapping[int, Reader], known: Wishes, some: list[Planned], topics: Mapping[str, int]
    ) -> None:
        self.plan, self.people, self.wishes, self.topics = plan, people, known, topics
        self.planned = {one.campaign.name: one for one in some}
        self.told, self.luck = Told(), dice(plan.seed, "year")
        self.scripts, self.turns = behaviour.scripts(plan.seed), count()
        self.queue: list[tuple[int, int, Planned, Call | None]] = []
        self.of_day: dict[tuple[str, object], int] = {}
        self.last_mail = 0

    def ask(self, at: int, name: str, call: Call | None = None) -> None:
        """Whatever is asked for too early or too late is not part of the year."""
        planned = self.planned.get(name)
        if planned and campaigns.began(planned.campaign, self.plan) <= at < self.plan.now - 600:
            heapq.heappush(self.queue, (at, next(self.turns), planned, call))

    def go(self) -> Told:
        for planned in self.planned.values():
            for at in campaigns.times(planned.campaign, self.plan):
                self.ask(at, planned.campaign.name)
        while self.queue:
            at, _, planned, call = heapq.heappop(self.queue)
            if call is None:
                self._send_to_all(planned, at)
            else:
                self._send_to_one(planned, at, call)
        return self.told

    def _send_to_all(self, planned: Planned, at: int) -> None:
        whom = planned.campaign.whom
        audience = [one for one in self.people.values() if whom and whom(one, at)]
        if not audience:
            return
        run_id, taken, post, bounced, pause = self._begin(planned, at), set[str](), 0, 0, 0
        for reader in audience:
            refusal = self.wishes.refusal(reader, planned.topic, at)
            if not refusal and reader.folded in taken:
                refusal = "duplicate_address"
            refusal = refusal or ("holdout" if reader.id in planned.held else None)
            mail = self._mail(run_id, reader, planned, refusal)
            if not refusal:
                taken.add(reader.folded)
                post += 1
                self._post(planned, mail, reader, at + 2 + post // 25 + pause)
                bounced += mail.bounced is not None
                if not pause and self._is_braked(at, post, bounced):
                    pause = PAUSE
                    resumed = at + 2 + post // 25 + pause
                    name = self.told.runs[run_id - 1]["name"]
                    self.told.braked = Braked(run_id, name, resumed - pause, resumed, post, bounced)
            else:
                self.told.mails.append(rows.mail(mail, None, self.plan.calendar))
        self.told.runs[run_id - 1]["planned"] = len(audience)
        self.told.runs[run_id - 1]["finished_at"] = readers.time(at + pause + 1800)

    def _is_braked(self, at: int, post: int, bounced: int) -> bool:
        return self.told.braked is None and post >= LEAST and self._is_bad(at) and bounced > BRAKE * post

    def _is_bad(self, at: int) -> bool:
        return (self.plan.now - at) // DAY in BAD_DAYS

    def _send_to_one(self, planned: Planned, at: int, call: Call) -> None:
        reader = self.people[call.customer_id]
        day, _ = campaigns.day_of(at)
        key = planned.campaign.name, day
        run_id = self.of_day.get(key) or self._begin(planned, at)
        self.of_day[key] = run_id
        self.told.runs[run_id - 1]["planned"] += 1
        refusal = self.wishes.refusal(reader, planned.topic, at)
        mail = self._mail(run_id, reader, planned, refusal, call)
        if refusal:
            self.told.mails.append(rows.mail(mail, None, self.plan.calendar))
        else:
            self._post(planned, mail, reader, at + 1 + int(20 * self.luck.random()))

    def _begin(self, planned: Planned, at: int) -> int:
        number = len(self.told.runs) + 1
        self.told.runs.append({**plans.run(planned, number, at, self.plan), "planned": 0})
        self.told.variants += plans.parts(planned, number, at)
        return number

    def _mail(
        self, run_id: int, reader: Reader, planned: Planned, refusal: str | None, call: Call | None = None
    ) -> Mail:
        self.last_mail += 1
        mail = Mail(self.last_mail, run_id, reader.id, reader.email, "skipped" if refusal else "accepted", refusal)
        mail.variant = planned.places.get(reader.id)
        if call:
            mail.occasion, mail.facts = call.occasion, call.facts
        return mail

    def _post(self, planned: Planned, mail: Mail, reader: Reader, at: int) -> None:
        throw = self.luck.random()
        if throw < 0.0008:
            mail.state, mail.reason = ("failed", MALFORMED) if throw < 0.0007 else ("uncertain", None)
            self.told.mails.append(rows.mail(mail, None, self.plan.calendar))
            return
        mail.accepted = at
        returned = None if self._bounces(mail, reader, at) else self._arrive(planned, mail, reader, at)
        self.told.mails.append(rows.mail(mail, returned, self.plan.calendar))
        if returned and returned.hits:
            self.told.hits.append(rows.hits(mail, returned))

    def _bounces(self, mail: Mail, reader: Reader, at: int) -> bool:
        is_refused = self._is_bad(at) and reader.provider == BAD_PROVIDER and self.luck.random() < 0.62
        throw = self.luck.random()
        if not is_refused and throw >= 0.005:
            return False
        mail.state, mail.bounced = "bounced", at + 3 + int(40 * self.luck.random())
        if not is_refused and throw < 0.0018:
            self._suppress(reader, "hard_bounce", mail.bounced, REFUSED)
        return True

    def _arrive(self, planned: Planned, mail: Mail, reader: Reader, at: int) -> Returned:
        mail.state, mail.delivered = "delivered", at + 2 + int(24 * self.luck.random() ** 2)
        if not planned.campaign.opened:
            return Returned()
        version = planned.version(at)
        sent, shares = (at, mail.delivered), self._shares(planned, mail, at)
        returned = returning.of(reader, sent, version.links, shares, self.plan.calendar, self.luck)
        for clicked in returned.clicks[:1]:
            self._visit(planned, mail, reader, clicked)
        self._say_no(planned, mail, reader, returned)
        if planned.campaign.name == CART and not returned.clicks:
            self.ask(at + 3 * DAY, CART_AGAIN, Call(reader.id, f"after-{mail.id}", mail.facts))
        return returned

    def _shares(self, planned: Planned, mail: Mail, at: int) -> tuple[float, float]:
        """A little better each month, worse in the summer."""
        passed = 1 - (self.plan.now - at) / (365 * DAY)
        season = 1 + 0.08 * math.cos(2 * math.pi * (at / DAY - 15) / 365.25)
        better = planned.campaign.gains[mail.variant or 0] if planned.subjects else 1.0
        return planned.campaign.opened * season * (0.88 + 0.18 * passed), planned.campaign.clicked * better

    def _visit(self, planned: Planned, mail: Mail, reader: Reader, clicked: int) -> None:
        """What they came for; an order names the mail in most cases."""
        moods = planned.campaign.moods
        currency = "GBP" if reader.zone == "Europe/London" else "EUR"
        mood = moods[int(len(moods) * self.luck.random())]
        script, order = self.scripts.pick(mood, currency, self.luck.random()), f"{reader.id}-m{mail.id}"
        played = [(clicked + 6 + after, tail) for after, tail in script.events if clicked + 6 + after < self.plan.now]
        if not played or played[-1][0] > self.plan.now - 900:
            return
        self.told.events += [(at, reader.id, tail.replace(ORDER, order)) for at, tail in played]
        if script.order_at >= 0:
            if self.luck.random() < 0.8:
                self.told.refs[order] = mail.id
            at = played[script.order_at][0]
            self.ask(at + 40, RECEIPT, Call(reader.id, f"message-{order}", {"order_id": order}))

    def _say_no(self, planned: Planned, mail: Mail, reader: Reader, returned: Returned) -> None:
        opened = returned.first("open", "view", "click", is_human=True)
        if opened is None or opened > self.plan.now - 900:
            return
        throw = self.luck.random()
        if throw < 0.0012 and opened < self.plan.now - WATCHED:
            mail.state, mail.complained = "complained", opened + 30
            self._suppress(reader, "complaint", mail.complained, "")
        elif throw < 0.008 and planned.topic:
            mail.unsubscribed = opened + 45
            self._refuse(reader, planned.topic, mail.unsubscribed, is_one_click=throw < 0.006)

    def _refuse(self, reader: Reader, topic: str, at: int, *, is_one_click: bool) -> None:
        way = "one-click" if is_one_click else "preference page"
        for who in (reader.id, reader.folded):
            self.wishes.refuse(who, topic, at)
        said = Statement(reader.id, self.topics[topic], False, "page", way, readers.time(at))
        self.told.statements.append(said)

    def _suppress(self, reader: Reader, reason: str, at: int, note: str) -> None:
        self.wishes.suppress(reader.folded, at)
        self.told.suppressed.append((reader.folded, reason, at, note))


def answers(people: Mapping[int, Reader], happened: Iterator[Any]) -> Iterator[tuple[int, str, Call]]:
    """What is answered to those who began a checkout and bought nothing, and to those who bought."""
    last: dict[int, int] = {}
    for row in happened:
        if row.name == "order_completed":
            yield row.at + 40, RECEIPT, Call(row.customer_id, f"message-{row.order_id}", {"order_id": row.order_id})
        elif row.at - last.get(row.customer_id, 0) > DAY:
            last[row.customer_id] = row.at
            event = {"name": row.name, "occurred_at": row.occurred_at.isoformat(), "properties": row.properties}
            yield row.at + 7200, CART, Call(row.customer_id, f"event-{row.id}", {"event": event})
    for reader in people.values():
        for at, funnel, to, number in reader.moves[:1]:
            if (funnel, to) == ("sales", "enquired"):
                yield at + 3600, campaigns.WELCOME, Call(reader.id, f"event-{number}")
