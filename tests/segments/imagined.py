"""Worlds at random, and rules about them: few names and few moments, so that things coincide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from app.segments.fields import COLUMNS
from tests.segments.worlds import RUNS, Fact, Mail, Person, World, day_of, midnight

# Around the nights in which the clocks change, in Havana at midnight itself; Kolkata is half an hour aside.
TIMES = (
    ("Europe/Berlin", "2026-10-26T03:30:00"),
    ("Europe/Berlin", "2026-03-30T00:00:00"),
    ("America/New_York", "2026-03-09T12:00:00"),
    ("America/New_York", "2026-11-02T00:00:00"),
    ("Asia/Kolkata", "2026-10-22T05:30:00"),
    ("America/Havana", "2026-03-10T09:00:00"),
    ("America/Havana", "2026-11-03T09:00:00"),
    ("UTC", "2026-10-22T08:04:00"),
)
TYPES = {"score": "numeric", "city": "string", "is_student": "boolean", "birthday": "date", "paid_at": "timestamp"}
KINDS = {**TYPES, "interest": "array"}
UNTYPED = ("mixed", "never heard of")
LENGTHS = ("15m", "1h", "24h", "25h", "2d", "3d", "7d")
EVENTS = ("login", "view", "order")
STAGES = ("lead", "applied", "enrolled")
WORDS = ("Sound", "sound", "Ärger", "ärger", "a.b", "a", "festivals", "_%", '"\\')
NUMBERS = (0, 1, 2, 2.5, 100, -1)
EMAILS = (None, "", "Maya@Posteo.example", "maya@posteo.example", "JÜRGEN@posteo.example", "nonsense")
TEXTS = (None, "", "Maya", "maya", "Jo", "J%")
TOPICS = ("newsletter", "price_drop")
CATEGORIES = ("books", "tickets")
MAIL = ("sent", "opened", "clicked", "converted")
LISTED, WITH_RULES = 1, 2


class Imagination:
    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        zone, now = TIMES[seed % len(TIMES)]
        self.zone = ZoneInfo(zone)
        self.now = datetime.fromisoformat(now).replace(tzinfo=self.zone).astimezone(UTC)
        self.moments = self._moments()
        self.facts = 0

    def pick(self, *of: Any) -> Any:
        return self.dice.choice(of)

    def maybe(self, name: str, value: Any, chance: float = 0.5) -> dict[str, Any]:
        return {name: value} if self.dice.random() < chance else {}

    def some(self, of: Any, most: int = 3) -> list[Any]:
        return [self.pick(*of) for _ in range(self.dice.randint(1, most))]

    def _moments(self) -> list[datetime]:
        """Edges of days, and what lies exactly a duration of some rule before now; and a hair beside each."""
        today = self.now.astimezone(self.zone).date()
        edges = [midnight(today - timedelta(days=n), self.zone) for n in range(-1, 6)]
        spans = [timedelta(minutes=15), *(timedelta(hours=n) for n in (1, 24, 25, 48, 72, 168))]
        exact = [*edges, *(self.now - span for span in spans), self.now]
        beside = [self.pick(*exact) + self.pick(-1, 1) * timedelta(microseconds=1) for _ in range(6)]
        later = [self.pick(*exact) + timedelta(minutes=self.dice.randint(1, 300)) for _ in range(6)]
        return exact + beside + later

    @property
    def moment(self) -> datetime:
        return self.pick(*self.moments)

    @property
    def day(self) -> str:
        return self.moment.astimezone(self.zone).date().isoformat()

    @property
    def bound(self) -> str:
        return self.pick(self.day, self.day, self.moment.isoformat(), self.moment.astimezone(self.zone).isoformat())

    # The world.

    def world(self) -> World:
        people = [self.person(number) for number in range(1, self.dice.randint(6, 12))]
        world = World(self.now, self.zone, KINDS, people, {"b1": "books", "t1": "tickets"})
        world.lists[LISTED] = {one.id for one in people if self.dice.random() < 0.4}
        world.rules[WITH_RULES] = self.group(1)
        world.last_run = self.pick(None, self.moment)
        return world

    def person(self, number: int) -> Person:
        person = Person(number, self.columns(number), self.attributes(), is_erased=self.dice.random() < 0.1)
        person.refused = {one for one in (*TOPICS, "marketing", "suppressed") if self.dice.random() < 0.15}
        person.changes = [
            self.pick(("score", False, self.moment), ("city", False, self.moment), ("email", True, self.moment))
            for _ in range(self.dice.randint(0, 2))
        ]
        person.events = [
            self.fact(self.pick("login", *EVENTS), self.properties()) for _ in range(self.pick(0, 2, 5, 9))
        ]
        person.moves = [
            self.fact("sales", {"from": self.pick(None, *STAGES), "to": self.pick(*STAGES)})
            for _ in range(self.pick(0, 1, 3))
        ]
        person.orders = [self.fact("", self.order()) for _ in range(self.pick(0, 1, 3))]
        person.mails = [self.mail() for _ in range(self.pick(0, 1, 2, 4))]
        person.cart = self.pick(None, self.fact("", {"items": self.pick([], [{"product_id": "b1", "quantity": 1}])}))
        return person

    def fact(self, name: str, said: dict[str, Any]) -> Fact:
        self.facts += 1
        return Fact(self.facts, self.moment, name, said)

    def mail(self) -> Mail:
        self.facts += 1
        run = self.pick(*RUNS)
        variant = self.pick(0, 1) if len(RUNS[run][1]) > 1 else None
        return Mail(self.facts, run, variant, {name: self.moment for name in MAIL if self.dice.random() < 0.6})

    def columns(self, number: int) -> dict[str, Any]:
        texts = {name: self.pick(*TEXTS) for name in ("first_name", "last_name", "mobile", "source")}
        email = self.pick(*EMAILS)
        moments = {"created_date": self.moment, "updated_date": self.moment}
        return {"id": number, "lms_lead_id": f"L-{number}", "timezone": "UTC", "email": email, **texts, **moments}

    def attributes(self) -> dict[str, Any]:
        said = {
            "score": self.pick(*NUMBERS),
            "city": self.pick(*WORDS),
            "is_student": self.pick(True, False),
            "birthday": self.day,
            "paid_at": self.moment.isoformat(),
            "interest": self.pick(self.some(WORDS), self.pick(*WORDS), []),
            "mixed": self.mixed(),
        }
        return {name: value for name, value in said.items() if self.dice.random() < 0.7}

    def mixed(self) -> Any:
        return self.pick(
            None, True, False, 1, 2.5, "", "1", *WORDS, [1, "a"], [True, "Sound"], self.day, self.moment.isoformat(),
            "2026-13-45", "2026-10-22T99:00",
        )  # fmt: skip

    def properties(self) -> dict[str, Any]:
        return self.maybe("total", self.pick(*NUMBERS)) | self.maybe("code", self.mixed())

    def order(self) -> dict[str, Any]:
        total = self.pick(0, 100, 200, 400)
        items = [
            {"product_id": self.pick("b1", "t1", "?"), "quantity": self.pick(1, 2), **self.maybe("price", 50)}
            for _ in range(self.dice.randint(0, 2))
        ]
        back = self.pick(0, 0, total // 2, total)
        return {
            "total": total,
            "refunded_total": back,
            "status": self.pick("paid", "refunded", "cancelled"),
            "items": items,
        }

    # Rules about it.

    def rule(self, depth: int = 0) -> dict[str, Any]:
        if depth < 3 and self.dice.random() < (0.5, 0.35, 0.2)[depth]:
            return self.group(depth)
        return self.leaf(self.pick(*LEAVES))

    def group(self, depth: int) -> dict[str, Any]:
        rules = [self.rule(depth + 1) for _ in range(self.dice.randint(1, 3))]
        return {self.pick("all", "any", "none"): [one for one in rules if one != {"segment": WITH_RULES} or depth == 0]
                or [self.leaf("event")]}  # fmt: skip

    def leaf(self, kind: str) -> dict[str, Any]:
        return LEAVES[kind](self)

    def compared(self, kind: str | None, is_property: bool = False) -> dict[str, Any]:
        op = self.pick(*OPS[kind])
        if is_property and op == "changed_within":
            op = "exists"
        if op in ("before", "after"):
            return {"op": op, "value": self.bound}
        return {"op": op, **self.value(op, kind)}

    def value(self, op: str, kind: str | None) -> dict[str, Any]:
        if op in ("exists", "not_exists"):
            return {}
        if op in ("in", "not_in", "contains_any", "contains_all"):
            return {"value": [self.one(kind) for _ in range(self.dice.randint(1, 3))]}
        if op in ("at_least", "at_most", "between"):
            return {"value": self.sized(op, kind)}
        return {"value": self.pick(*ENOUGH[op]) if op in ENOUGH else self.one(kind)}

    def one(self, kind: str | None) -> Any:
        return {
            "numeric": self.pick(*NUMBERS),
            "string": self.pick(*WORDS, "Maya", "MAYA@posteo.example", "@posteo.example", "jürgen@posteo.example"),
            "boolean": self.pick(True, False),
            "array": self.pick(*WORDS, 1),
            "date": self.bound,
            "timestamp": self.bound,
            None: self.pick(*WORDS, 1, 2.5, True, "1", self.day),
        }[kind]

    def sized(self, op: str, kind: str | None) -> Any:
        is_of_time = kind in ("date", "timestamp") or (kind is None and self.dice.random() < 0.5)
        if op != "between":
            return self.bound if is_of_time else self.pick(*NUMBERS)
        return sorted([self.day, self.day]) if is_of_time else sorted(self.some(NUMBERS, 1) + self.some(NUMBERS, 1))

    def within(self) -> dict[str, Any]:
        two = sorted([self.moment, self.moment])
        days = [day_of(one, self.world_of_time).isoformat() for one in two]
        said = self.pick(
            {"last": self.pick(*LENGTHS)},
            {"from": days[0], "to": days[1]},
            {"from": two[0].isoformat(), "to": self.pick(days[1], two[1].isoformat())},
            {"from": self.bound},
            {"to": self.bound},
            {"since": "last_run"},
        )
        return self.maybe("within", said)

    @property
    def world_of_time(self) -> World:
        return World(self.now, self.zone, {}, [])

    def times(self) -> dict[str, Any]:
        return self.maybe("times", {self.pick("at_least", "at_most", "exactly"): self.dice.randint(0, 3)})

    def where(self, chance: float = 0.4) -> dict[str, Any]:
        tests = [
            {"property": "total", **self.compared("numeric", True)} if self.dice.random() < 0.5 else
            {"property": self.pick("code", "nothing"), **self.compared(None, True)}
            for _ in range(self.dice.randint(1, 2))
        ]  # fmt: skip
        return self.maybe("where", tests, chance)


def _attribute(of: Imagination) -> dict[str, Any]:
    name = of.pick(*KINDS, *UNTYPED)
    return {"attribute": name, **of.compared(KINDS.get(name))}


def _field(of: Imagination) -> dict[str, Any]:
    name = of.pick(*COLUMNS, "email", "created_date")
    return {"field": name, **of.compared(COLUMNS[name].kind)}


def _nth(of: Imagination) -> dict[str, Any]:
    n = of.dice.randint(2, 4)
    nth = {"event": of.pick(*EVENTS), "n": n, **of.where(0.3)}
    return {"nth": nth, "within": of.pick(*LENGTHS), **of.maybe("of_n", of.dice.randint(1, n - 1))}


def _unanswered(of: Imagination) -> dict[str, Any]:
    asked = {"event": of.pick(*EVENTS), **of.within(), **of.where()}
    return {**asked, "not_followed_by": of.pick(*EVENTS), **of.maybe("for", of.pick(*LENGTHS))}


def _move(of: Imagination) -> dict[str, Any]:
    ends = of.pick(
        {"from": of.pick(*STAGES)}, {"to": of.pick(*STAGES)}, {"from": of.pick(*STAGES), "to": of.pick(*STAGES)}
    )
    return {"funnel": "sales", **ends, **of.within()}


def _mail(of: Imagination) -> dict[str, Any]:
    which = of.maybe("automation", of.pick(1, 2), 0.3) | of.maybe("template", of.pick(1, 2), 0.3)
    return {"mail": of.pick(*MAIL), **which, **of.times(), **of.within()}


def _orders(of: Imagination) -> dict[str, Any]:
    op = of.pick("at_least", "at_most", "between", "equals", "not_equals")
    sizes = (0, 1, 2, 50, 100, 200, 400)
    value = sorted([of.pick(*sizes), of.pick(*sizes)]) if op == "between" else of.pick(*sizes)
    return {"orders": of.pick("spent", "count"), "op": op, "value": value,
            **of.maybe("category", of.pick(*CATEGORIES, "none")), **of.within()}  # fmt: skip


LEAVES = {
    "attribute": _attribute,
    "attribute again": _attribute,
    "field": _field,
    "event": lambda of: {"event": of.pick(*EVENTS), **of.times(), **of.within(), **of.where()},
    "streak": lambda of: {
        "streak": of.pick("login", "view"),
        "days": of.dice.randint(1, 4),
        **of.maybe("starting", of.pick("signup", "any"), 0.8),
    },
    "nth": _nth,
    "sequence": lambda of: {"sequence": of.some(EVENTS, 2) + of.some(EVENTS, 1), "within": of.pick(*LENGTHS)},
    "unanswered": _unanswered,
    "last": lambda of: {"last": {"event": of.pick(*EVENTS)}, "where": of.where(1.0)["where"]},
    "stage": lambda of: {"funnel": "sales", "in_stage": of.pick(*STAGES), **of.maybe("for", of.pick(*LENGTHS))},
    "move": _move,
    "mail": _mail,
    "orders": _orders,
    "cart": lambda of: {"cart": "idle", "for": of.pick(*LENGTHS)},
    "interest": lambda of: {"interest": of.pick(*WORDS, "SOUND", "FESTIVALS", "ÄRGER")},
    "consent": lambda of: {"consent": of.pick(*TOPICS), **of.maybe("is", of.pick("given", "not_given"))},
    "segment": lambda of: {"segment": of.pick(LISTED, WITH_RULES)},
}
PIECES = ("a", "S", "ä", "nd", "%", "J", "1", "maya")
ENOUGH = {
    **dict.fromkeys(("within_last", "not_within_last", "changed_within"), LENGTHS),
    **dict.fromkeys(("starts_with", "ends_with"), PIECES),
}
SAME = ("equals", "not_equals")
LATER = ("before", "after", "between", "at_least", "at_most", "within_last", "not_within_last")
PARTS = ("contains", "starts_with", "ends_with")
REST = ("exists", "not_exists", "changed_within")
OPS: dict[str | None, tuple[str, ...]] = {
    "string": (*SAME, "in", "not_in", *PARTS, *REST),
    "numeric": (*SAME, "in", "not_in", "at_least", "at_most", "between", *REST),
    "boolean": (*SAME, *REST),
    "array": ("contains", "contains_any", "contains_all", *REST),
    "date": (*SAME, *LATER, *REST),
    "timestamp": (*SAME, *LATER, *REST),
    None: (*SAME, "in", "not_in", *PARTS, "contains_any", "contains_all", *LATER, *REST),
}
