"""Who caused a hit: a person, or a machine and which kind. Pure rules over one mail and all that came back of it.

They see every hit of the mail at once, so that it never matters in which order the hits came.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

import msgspec

RULES = 1  # counted up with each change of a rule: then everything is judged again
HUMAN = "human"
REASONS_SAID = {
    HUMAN: "Nothing speaks against a person",
    "head": "It only asked whether the address is there",
    "apple_privacy": "Apple Mail fetches pictures unread",
    "image_proxy": "A mail provider fetched the pictures",
    "scanner": "It calls itself a program",
    "hidden_link": "It followed a link that nobody sees",
    "too_fast": "Within two seconds of the mail’s arrival",
    "all_links": "It followed many links at once",
}
APPLE = "Mozilla/5.0"
TOO_FAST = timedelta(seconds=2)
AT_ONCE = timedelta(seconds=10)
MANY = 5  # different links; or all of them, where there are at least two
# Gmail's does ask when somebody opens the mail, but also when it looks through the mail unasked: nobody can tell.
PROXIES = re.compile(r"image-?proxy|mail-?proxy|ggpht\.com|YahooCacheSystem|ImageResizer", re.IGNORECASE)
SCANNERS = re.compile(
    r"(?<!cu)bot\b"  # Cubot makes telephones
    r"|crawl|spider|slurp|scan(?:ner)?\b|preview|facebookexternalhit|WhatsApp/|Iframely|Embedly|Skype"
    r"|curl|wget|python|aiohttp|httpx|urllib|Go-http|Java/|libwww|Apache-HttpClient|node-fetch|axios|undici|Ruby|PHP/"
    r"|headless|phantom|puppeteer|playwright|selenium|webdriver"
    r"|barracuda|proofpoint|mimecast|messagelabs|symantec|fireeye|trellix|trend ?micro|sophos|ironport|zscaler"
    r"|forcepoint|forti(?:guard|mail|net)|mcafee|bitdefender|kaspersky|safelinks|cloudmark|vade|abnormal|urlscan"
    r"|virustotal",
    re.IGNORECASE,
)


class Fact(msgspec.Struct, frozen=True, array_like=True):
    """What the rules look at in a hit."""

    id: UUID
    kind: str
    at: datetime
    place: int | None
    method: str
    agent: str


@dataclass(frozen=True)
class Mail:
    """`links`: how many it has; behind the last one stands the hidden one. `followed`: those that come back to us."""

    accepted_at: datetime
    delivered_at: datetime | None = None
    links: int = 0
    followed: int = 0

    def has_just_arrived(self, at: datetime) -> bool:
        if at - self.accepted_at <= TOO_FAST:
            return True
        return self.delivered_at is not None and abs(at - self.delivered_at) <= TOO_FAST


def judge(mail: Mail, hits: Sequence[Fact]) -> list[str]:
    """The reason of each. Whatever a machine did within seconds of a clear sign of one is the machine's."""
    found = [_by_itself(mail, hit) for hit in hits]
    if len(hits) == 1 or not _may_tell_of_others(mail, hits):
        return found
    for sign, times in _signs(mail, hits):
        found = [
            sign if reason == HUMAN and _is_near(hit.at, times) else reason
            for hit, reason in zip(hits, found, strict=True)
        ]
    return found


def _may_tell_of_others(mail: Mail, hits: Iterable[Fact]) -> bool:
    """Most people open a mail, and follow one of its links."""
    places = {hit.place for hit in hits if hit.kind == "click"}
    return len(places) > 1 or any(place is not None and place >= mail.links for place in places)


def _by_itself(mail: Mail, hit: Fact) -> str:
    """The first rule that fits is the one that is told."""
    if hit.method == "HEAD":
        return "head"
    if said := _said_by(hit.agent):
        return said
    if hit.kind == "click" and _is_hidden(mail, hit):
        return "hidden_link"
    if hit.kind == "click" and mail.has_just_arrived(hit.at):
        return "too_fast"
    return HUMAN


@lru_cache(10_000)
def _said_by(agent: str) -> str | None:
    """Most hits come with one of a few thousand names."""
    if agent.strip() == APPLE:
        return "apple_privacy"
    if PROXIES.search(agent):
        return "image_proxy"
    return "scanner" if not agent.strip() or SCANNERS.search(agent) else None


def _is_hidden(mail: Mail, hit: Fact) -> bool:
    return hit.place is not None and hit.place >= mail.links


def _signs(mail: Mail, hits: Iterable[Fact]) -> Iterator[tuple[str, list[datetime]]]:
    """When it was, in order."""
    clicks = sorted((hit for hit in hits if hit.kind == "click"), key=lambda hit: hit.at)
    yield "hidden_link", [hit.at for hit in clicks if _is_hidden(mail, hit)]
    yield "all_links", _bursts(mail, [hit for hit in clicks if not _is_hidden(mail, hit)])


def _bursts(mail: Mail, clicks: Sequence[Fact]) -> list[datetime]:
    """The times of clicks that belong to many different links within seconds."""
    enough = min(MANY, max(mail.followed, 2))
    found, start = [False] * len(clicks), 0
    places: dict[int | None, int] = {}
    for end, hit in enumerate(clicks):
        places[hit.place] = places.get(hit.place, 0) + 1
        while hit.at - clicks[start].at > AT_ONCE:
            places[clicks[start].place] -= 1
            if not places[clicks[start].place]:
                del places[clicks[start].place]
            start += 1
        if len(places) >= enough:
            found[start : end + 1] = [True] * (end + 1 - start)
    return [hit.at for hit, is_one in zip(clicks, found, strict=True) if is_one]


def _is_near(at: datetime, times: list[datetime]) -> bool:
    return bisect_left(times, at - AT_ONCE) < bisect_right(times, at + AT_ONCE)
