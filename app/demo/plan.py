"""How much is made and how it is cut: chunks of people with their exact share of the events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import accumulate

from app.demo.chance import shares
from app.demo.rhythm import DAY, Calendar

PEOPLE = 2_000
FRESH = 60  # days until somebody has had the time to do as much as others


@dataclass(frozen=True)
class Plan:
    customers: int
    events: int
    seed: int
    now: int  # seconds since 1970; nothing happens at or after it

    @cached_property
    def calendar(self) -> Calendar:
        return Calendar(self.now)

    @property
    def chunks(self) -> int:
        return -(-self.customers // PEOPLE)

    @property
    def began_at(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC) - timedelta(days=366)

    @property
    def now_at(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    def people(self, number: int) -> range:
        """The ids in chunk `number`; they rise with the day of sign-up, as ids do."""
        return range(number * PEOPLE + 1, min((number + 1) * PEOPLE, self.customers) + 1)

    def share(self, customer_id: int) -> float:
        return (customer_id - 0.5) / self.customers

    def event_count(self, number: int) -> int:
        return self._event_counts[number]

    def first_event(self, number: int) -> int:
        return self._first_events[number]

    @cached_property
    def _event_counts(self) -> list[int]:
        return shares(self.events, [self._weight(self.people(n)) for n in range(self.chunks)])

    @cached_property
    def _first_events(self) -> list[int]:
        return [1, *(count + 1 for count in accumulate(self._event_counts))]

    def _weight(self, people: range) -> float:
        middle = self.share(people[len(people) // 2])
        age = self.now // DAY - self.calendar.sign_up_day(middle)
        return len(people) * min(1.0, (age + 3) / FRESH)


def midnight(now: datetime) -> int:
    return int(now.timestamp()) // DAY * DAY
