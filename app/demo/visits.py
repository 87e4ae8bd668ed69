"""What happens in one visit: scripts of events in causal order, written once and then played by many people.

A visit is cut short by leaving out its end, so a cart always follows a look and an order a cart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from app.demo.chance import dice, wheel
from app.demo.words import Product, as_json, words

LONGEST = 45 * 60  # seconds
POOL = 400  # scripts of each mood and currency
ORDER = "{order}"  # where an order's own number is filled in

Event = tuple[int, str]  # seconds since the visit began; name and properties as they stand in COPY

VISITOR = {
    "browse": 34,
    "look": 14,
    "buy": 13,
    "leave": 14,
    "search": 9,
    "open_day": 4,
    "loan": 4,
    "talk": 4,
    "login": 9,
}
STUDENT = {"learn": 52, "talk": 13, "buy": 8, "leave": 4, "look": 6, "browse": 5, "login": 12}
PLATFORMS = ("web", "web", "iOS app", "Android app")
BOARDS = ("introductions", "homework", "housing", "show your work", "study groups")
SOURCES = ("", "", "google", "newsletter", "instagram", "friend")


@dataclass(frozen=True)
class Script:
    events: tuple[Event, ...]
    order_at: int  # which of them is the order; -1: none


@dataclass(frozen=True)
class Scripts:
    by_mood: dict[tuple[str, str], list[Script]]  # (mood, currency)
    visitor: list[str]
    student: list[str]

    def pick(self, mood: str, currency: str, throw: float) -> Script:
        pool = self.by_mood[mood, currency]
        return pool[int(throw * len(pool))]


def write(seed: int) -> Scripts:
    pools = {
        (mood, currency): _pool(story, currency, dice(seed, "visits", mood, currency))
        for mood, story in STORIES.items()
        for currency in ("EUR", "GBP")
    }
    return Scripts(pools, wheel(VISITOR.items()), wheel(STUDENT.items()))


def _pool(story: Callable[[Random, str], Iterator[str]], currency: str, luck: Random) -> list[Script]:
    return [_script(list(story(luck, currency)), luck) for _ in range(POOL)]


def _script(tails: list[str], luck: Random) -> Script:
    seconds, events = 0, []
    for tail in tails:
        events.append((seconds, tail))
        seconds += 4 + int(290 * luck.random() ** 2)
    order_at = next((n for n, tail in enumerate(tails) if ORDER in tail), -1)
    assert seconds < LONGEST, "a visit longer than it may be"
    return Script(tuple(events), order_at)


def event(name: str, /, **properties: object) -> str:
    return f"{name}\t{as_json(properties)}"


def login(luck: Random) -> str:
    return event("login", platform=luck.choice(PLATFORMS))


def _page(luck: Random) -> str:
    page, source = luck.choice(words().pages), luck.choice(SOURCES)
    return event("page_viewed", path=page, source=source) if source else event("page_viewed", path=page)


def _view(thing: Product, currency: str) -> str:
    return event(
        "product_viewed",
        product_id=thing.id,
        name=thing.name,
        category=thing.category,
        price=thing.price,
        currency=currency,
    )


def _browse(luck: Random, _currency: str) -> Iterator[str]:
    if luck.random() < 0.3:
        yield login(luck)
    yield from (_page(luck) for _ in range(1 + int(4 * luck.random() ** 2)))


def _look(luck: Random, currency: str) -> Iterator[str]:
    yield from (_view(thing, currency) for thing in _things(luck, 1 + int(4 * luck.random())))


def _leave(luck: Random, currency: str) -> Iterator[str]:
    """Fills a cart and goes, sometimes from the checkout."""
    basket = _things(luck, 1 + int(2.4 * luck.random()))
    yield from _fill(basket, luck, currency)
    if luck.random() < 0.45:
        yield event("checkout_started", total=sum(t.price for t in basket), currency=currency)


def _buy(luck: Random, currency: str) -> Iterator[str]:
    basket = _things(luck, 1 + int(3 * luck.random() ** 2))
    total = sum(thing.price for thing in basket)
    yield from _fill(basket, luck, currency)
    yield event("checkout_started", total=total, currency=currency)
    names = [thing.name for thing in basket]
    yield event("order_completed", order_id=ORDER, total=total, currency=currency, items=names)


def _fill(basket: list[Product], luck: Random, currency: str) -> Iterator[str]:
    if luck.random() < 0.4:
        yield login(luck)
    for n, thing in enumerate(basket):
        yield _view(thing, currency)
        yield event(
            "cart_added", product_id=thing.id, name=thing.name, quantity=1, price=thing.price, currency=currency
        )
        if n:
            yield event("cart_updated", items=n + 1, total=sum(t.price for t in basket[: n + 1]), currency=currency)


def _search(luck: Random, currency: str) -> Iterator[str]:
    yield event("search_made", query=luck.choice(words().searches), results=int(12 * luck.random()))
    yield _page(luck) if luck.random() < 0.6 else next(_look(luck, currency))


def _open_day(luck: Random, _currency: str) -> Iterator[str]:
    yield event("page_viewed", path="/open-day")
    yield event("open_day_booked", campus=luck.choice(words().campuses[:-1]), seats=luck.choice((1, 1, 1, 2)))


def _loan(luck: Random, _currency: str) -> Iterator[str]:
    yield login(luck)
    yield event("kyc_done", provider="IDcheck")
    if luck.random() < 0.6:
        yield event(
            "loan_requested",
            amount=100_000 * (1 + int(9 * luck.random())),
            currency="EUR",
            months=luck.choice((12, 24, 36)),
        )


def _talk(luck: Random, _currency: str) -> Iterator[str]:
    yield login(luck)
    yield event("community_posted", board=luck.choice(BOARDS), words=5 + int(160 * luck.random() ** 2))


def _learn(luck: Random, _currency: str) -> Iterator[str]:
    yield login(luck)
    for _ in range(1 + int(3 * luck.random() ** 1.5)):
        yield event("lesson_finished", unit=1 + int(12 * luck.random()), minutes=8 + int(45 * luck.random()))


def _login(luck: Random, _currency: str) -> Iterator[str]:
    yield login(luck)


def _things(luck: Random, count: int) -> list[Product]:
    every = words().products
    return list(
        {thing.id: thing for thing in (every[int(len(every) * luck.random() ** 1.8)] for _ in range(count))}.values()
    )


STORIES: dict[str, Callable[[Random, str], Iterator[str]]] = {
    "browse": _browse,
    "look": _look,
    "buy": _buy,
    "leave": _leave,
    "search": _search,
    "open_day": _open_day,
    "loan": _loan,
    "talk": _talk,
    "learn": _learn,
    "login": _login,
}
