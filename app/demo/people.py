"""Who they are: a name from somewhere, a place to live, an address, and a day on which they signed up."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from app.demo import rhythm
from app.demo.plan import Plan
from app.demo.rhythm import DAY
from app.demo.words import Name, Origin, Words, words

TABLE = "customers"
COLUMNS = (
    "id, lms_lead_id, first_name, last_name, email, mobile, timezone, attributes, created_date, updated_date, source"
)
PLAIN_ADDRESSES = 3_000  # the first have maya.lindqvist@…, later ones are mostly told apart by digits
NULL = "\\N"


@dataclass(slots=True)
class Person:
    id: int
    first: str
    last: str
    email: str
    mobile: str
    lead_id: str
    zone: str  # where they live
    is_zone_known: bool
    city: str
    currency: str
    signed_up: int
    interests: list[str]
    moves: list[tuple[int, str, str, str]] = field(default_factory=list)  # at, funnel, from, to
    course: str = ""
    studying: tuple[int, int] | None = None
    attributes: str = "{}"
    changes: list[tuple[int, str, str, str, str]] = field(default_factory=list)  # at, name, old, new, source
    updated: int = 0

    def local(self, day: int, second: int, first_day: int) -> int:
        """The moment at which that second of that day strikes where they live."""
        return day * DAY + second - rhythm.offsets(self.zone, first_day)[day - first_day]


def make(plan: Plan, ids: range, dice: Random) -> list[Person]:
    family: list[Person] = []
    found = []
    for customer_id in ids:
        person = _person(plan, customer_id, dice)
        if family and dice.random() < 0.012:
            _join(person, family[-1])
        found.append(person)
        if person.email and dice.random() < 0.1:
            family = [person]
    return found


def line(person: Person, plan: Plan) -> str:
    stamp = plan.calendar.stamp
    zone = person.zone if person.is_zone_known else NULL
    return (
        f"{person.id}\t{person.lead_id or NULL}\t{_text(person.first)}\t{_text(person.last)}\t{person.email or NULL}"
        f"\t{person.mobile or NULL}\t{zone}\t{person.attributes}\t{stamp(person.signed_up)}\t{stamp(person.updated)}"
        f"\t{'LMS' if person.lead_id else 'Shop'} (API)\n"
    )


def _person(plan: Plan, customer_id: int, dice: Random) -> Person:
    throw, said = dice.random, words()
    origin = said.origins[int(throw() * len(said.origins))]
    home = origin if throw() < 0.82 else said.at_home[int(throw() * len(said.at_home))]
    place = home.places[int(len(home.places) * throw() ** 1.5)]
    first, last = _name(origin, said, throw)
    person = Person(
        id=customer_id,
        first=first.written,
        last=last.written,
        email=_email(first, last, customer_id, throw, said),
        mobile=_digits(home.mobile, throw) if throw() < 0.71 else "",
        lead_id=f"L-{200_000 + customer_id}" if throw() < 0.985 else "",
        zone=place.zone,
        is_zone_known=throw() < 0.94,
        city=place.city,
        currency="GBP" if place.zone == "Europe/London" else "EUR",
        signed_up=0,
        interests=_interests(said, throw),
    )
    person.signed_up = _sign_up(plan, person, throw)
    if throw() < 1 / 400:
        person.first, person.last = said.odd[int(throw() * len(said.odd))]
    elif throw() < 0.03:
        person.last = ""
    return person


def _name(origin: Origin, said: Words, throw: rhythm.Throw) -> tuple[Name, Name]:
    """Some names are common and some rare, some have two parts, and some people have roots in two places."""
    first = origin.first[int(len(origin.first) * throw() ** 1.4)]
    root = origin if throw() < 0.92 else said.origins[int(throw() * len(said.origins))]
    last = root.last[int(len(root.last) * throw() ** 1.6)]
    is_double = throw() < (0.5 if root.code in {"es", "pt", "br"} else 0.04)
    if not is_double:
        return first, last
    other = root.last[int(len(root.last) * throw())]
    joint = " " if root.code in {"es", "pt", "br"} else "-"
    return first, Name(last.written + joint + other.written, f"{last.plain}-{other.plain}")


def _email(first: Name, last: Name, customer_id: int, throw: rhythm.Throw, said: Words) -> str:
    if throw() < 0.035:
        return ""
    provider = said.providers[int(throw() * len(said.providers))]
    shape = throw()
    local = f"{first.plain}.{last.plain}" if shape < 0.7 else f"{first.plain[:1]}{last.plain}"
    digits = throw()
    if customer_id <= PLAIN_ADDRESSES or digits < 0.04:
        return f"{local}@{provider}"
    number = str(60 + int(throw() * 48))[-2:] if digits < 0.2 else str(customer_id * 7919 % 10_000)
    return f"{local}{number}@{provider}"


def _digits(pattern: str, throw: rhythm.Throw) -> str:
    holes = pattern.count("#")
    number = iter(f"{int(throw() * 10**holes):0{holes}d}")
    return "".join(next(number) if c == "#" else c for c in pattern)


def _interests(said: Words, throw: rhythm.Throw) -> list[str]:
    """Up to three, the strongest first; a sixth of all people never said."""
    count = (0, 1, 1, 1, 2, 3)[int(throw() * 6)]
    return list(dict.fromkeys(said.interests[int(throw() * len(said.interests))] for _ in range(count)))


def _sign_up(plan: Plan, person: Person, throw: rhythm.Throw) -> int:
    calendar = plan.calendar
    day = calendar.sign_up_day(plan.share(person.id))
    moment = person.local(day, rhythm.second_of(rhythm.SIGN_UP, throw), calendar.first)
    last = plan.now - 7200
    return moment if moment < last else last - int(throw() * 7200)


def _join(person: Person, head: Person) -> None:
    """A family: one surname, one address and one phone."""
    person.last, person.email, person.mobile = head.last, head.email, head.mobile


def _text(value: str) -> str:
    return value.replace("\\", "\\\\") if value else NULL
