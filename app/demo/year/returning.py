"""What comes back of one mail: opens and clicks of a person, and of the machines that read along.

Each hit is judged by the product's own rules; a click is the beginning of a visit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from app.demo import rhythm
from app.demo.rhythm import DAY, Calendar
from app.demo.year import readers
from app.demo.year.readers import Reader
from app.tracking import robots
from app.tracking.robots import APPLE, HUMAN, Fact, Mail

PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6"
    " Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:144.0) Gecko/20100101 Firefox/144.0",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
)
LINK_CHECKER = "Barracuda Sentinel (EE)"
TRIES = 4  # at a moment at which people read


@dataclass(frozen=True)
class Links:
    """How many a version has, and which of them come back to us; the hidden one stands behind the last."""

    count: int = 0
    followed: Sequence[int] = ()


@dataclass
class Returned:
    """Judged; the moments are seconds since 1970, as everywhere in the demo."""

    hits: list[tuple[Fact, str]] = field(default_factory=list)
    clicks: list[int] = field(default_factory=list)  # of a person

    def first(self, *kinds: str, is_human: bool) -> int | None:
        """Whoever follows a link has the mail open."""
        found = [fact.at for fact, reason in self.hits if (reason == HUMAN) is is_human and fact.kind in kinds]
        return int(min(found).timestamp()) if found else None


def of(
    reader: Reader, sent: tuple[int, int], links: Links, shares: tuple[float, float], calendar: Calendar, luck: Random
) -> Returned:
    """`sent`: when it was accepted and when it arrived; `shares`: how likely it is opened, and then clicked."""
    accepted, delivered = sent
    facts = [*_machines(reader, sent, links, luck), *_person(reader, delivered, links, shares, calendar, luck)]
    facts = [fact for fact in facts if fact.at.timestamp() < calendar.now]
    if not facts:
        return Returned()
    mail = Mail(readers.time(accepted), readers.time(delivered), links.count, len(links.followed))
    hits = list(zip(facts, robots.judge(mail, facts), strict=True))
    return Returned(
        hits, [int(fact.at.timestamp()) for fact, reason in hits if fact.kind == "click" and reason == HUMAN]
    )


def _machines(reader: Reader, sent: tuple[int, int], links: Links, luck: Random) -> list[Fact]:
    accepted, delivered = sent
    if reader.program == readers.APPLE and luck.random() < 0.86:
        return [_fact("open", delivered + 60 + int(3000 * luck.random()), None, APPLE, luck)]
    if reader.program == readers.PROXY and luck.random() < 0.25:
        return [_fact("open", delivered + 5 + int(60 * luck.random()), None, PROXY, luck)]
    if reader.program == readers.SCANNER and luck.random() < 0.85:
        places = [*links.followed, links.count]
        agent = BROWSERS[0] if luck.random() < 0.6 else LINK_CHECKER
        return [_fact("click", accepted + 3 + n // 2, place, agent, luck) for n, place in enumerate(places)]
    return []


def _person(
    reader: Reader,
    delivered: int,
    links: Links,
    shares: tuple[float, float],
    calendar: Calendar,
    luck: Random,
) -> list[Fact]:
    if luck.random() >= min(0.95, shares[0] * reader.keen):
        return []
    at, agent = _moment(reader, delivered, calendar, luck), BROWSERS[reader.id % len(BROWSERS)]
    found = _opened(reader, at, agent, luck)
    if links.followed and luck.random() < shares[1]:
        first = links.followed[int(len(links.followed) * luck.random() ** 2)]
        clicked = at + 12 + int(150 * luck.random())
        found.append(_fact("click", clicked, first, agent, luck))
        if luck.random() < 0.16:
            other = links.followed[int(len(links.followed) * luck.random())]
            found.append(_fact("click", clicked + 40 + int(400 * luck.random()), other, agent, luck))
    elif luck.random() < 0.01:
        found.append(_fact("view", at + 8, None, agent, luck))
    return found


def _opened(reader: Reader, at: int, agent: str, luck: Random) -> list[Fact]:
    """Of Apple's mail one never hears when a person opens it, of a proxy's only the proxy."""
    if reader.program == readers.APPLE:
        return []
    seen_as = PROXY if reader.program == readers.PROXY else agent
    again = [_fact("open", at + 3600 + int(2 * DAY * luck.random()), None, seen_as, luck)] * (luck.random() < 0.12)
    return [_fact("open", at, None, seen_as, luck), *again]


def _moment(reader: Reader, delivered: int, calendar: Calendar, luck: Random) -> int:
    """Most within hours, some days later; by the hours and the days on which people are at it."""
    at = delivered
    for _ in range(TRIES):
        hours = 5 if luck.random() < 0.72 else 40
        at = delivered + 20 + int(-math.log(1 - luck.random() * 0.999) * hours * 3600)
        day = min(at // DAY, calendar.today)
        hour = (at + rhythm.offsets(reader.zone, calendar.first)[day - calendar.first]) // 3600 % 24
        weight = rhythm.VISIT_HOURS[hour] / 18 * calendar.visit_days[day - calendar.first]
        if luck.random() < weight:
            break
    return at


def _fact(kind: str, at: int, place: int | None, agent: str, luck: Random) -> Fact:
    """With an id like those of the doors."""
    return Fact(UUID(int=luck.getrandbits(128), version=4), kind, readers.time(at), place, "GET", agent)
