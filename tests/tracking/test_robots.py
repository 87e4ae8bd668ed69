"""Each rule, with a person who looks much like the machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from app.tracking import robots
from app.tracking.robots import HUMAN, REASONS_SAID, Fact, Mail
from tests.tracking.hitting import CHROME

OUT = datetime(2026, 11, 2, 9, tzinfo=UTC)
MAIL = Mail(OUT, OUT + timedelta(seconds=30), links=6, followed=5)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
CUBOT = "Mozilla/5.0 (Linux; Android 12; CUBOT NOTE 30) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"
OUTLOOK = "Mozilla/4.0 (compatible; ms-office; MSOffice 16)"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


def fact(kind: str = "open", after: float = 3600, agent: str = CHROME, place: int | None = None, method: str = "GET"):
    return Fact(uuid4(), kind, OUT + timedelta(seconds=after), place, method, agent)


def click(place: int = 0, after: float = 3600, **facts: str):
    return fact("click", after, place=place, **facts)


def said(*hits: Fact, mail: Mail = MAIL) -> list[str]:
    return robots.judge(mail, hits)


@pytest.mark.parametrize(
    ("machine", "reason", "person"),
    [
        (fact(method="HEAD"), "head", fact()),
        (fact(agent="Mozilla/5.0"), "apple_privacy", fact(agent=IPHONE)),
        (fact(agent=GMAIL), "image_proxy", fact(agent=OUTLOOK)),
        (fact(agent="YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy"), "image_proxy", fact(agent=CHROME)),
        (fact(agent=""), "scanner", fact(agent="M")),
        (click(agent="Mozilla/5.0 (compatible; bingbot/2.0)"), "scanner", click(agent=CUBOT)),
        (click(agent="python-requests/2.32"), "scanner", click(agent=IPHONE)),
        (click(agent=f"{CHROME} HeadlessChrome/130"), "scanner", click()),
        (click(agent="WhatsApp/2.24 A"), "scanner", click()),
        (click(agent="Barracuda Sentinel (EE)"), "scanner", click()),
        (click(place=6), "hidden_link", click(place=5)),
        (click(after=2), "too_fast", click(after=2.1)),
        (click(after=31.5), "too_fast", click(after=33)),
        (click(after=28.5), "too_fast", fact(after=1)),
    ],
)
def test_a_machine_is_told_from_a_person(machine, reason, person):
    assert (said(machine), said(person)) == ([reason], [HUMAN])
    assert reason in REASONS_SAID


def test_many_links_within_seconds_are_a_machines():
    burst = [click(place, 3600 + place * 2) for place in range(5)]
    assert said(*burst) == ["all_links"] * 5
    slow = [click(place, 3600 + place * 3) for place in range(5)]
    assert said(*slow) == [HUMAN] * 5
    again_and_again = [click(0, 3600 + n) for n in range(9)]
    assert said(*again_and_again) == [HUMAN] * 9


def test_all_links_are_fewer_where_a_mail_has_fewer():
    two = Mail(OUT, links=3, followed=2)
    assert said(click(0), click(1), mail=two) == ["all_links"] * 2
    assert said(click(0), click(1)) == [HUMAN] * 2
    one = Mail(OUT, links=1, followed=1)
    assert said(click(0), click(0), mail=one) == [HUMAN] * 2


def test_whoever_follows_the_hidden_link_followed_the_others_too():
    beside, opened, later = click(0, 3605), fact(after=3598), click(0, 3700)
    assert said(click(6, 3600), beside, opened, later) == ["hidden_link"] * 3 + [HUMAN]


def test_a_person_is_not_taken_for_the_scanner_that_was_there_before():
    scan = [click(place, 1 + place / 10) for place in range(5)]
    assert said(*scan, fact(after=60), click(2, 70))[-2:] == [HUMAN, HUMAN]
