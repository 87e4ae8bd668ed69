"""Whom a rule means, in plain Python: written from the words of the contract, without a look at any SQL.

It goes through people one by one and asks each condition of each; slow, and easy to believe.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from tests.segments.worlds import RUNS, Fact, Mail, Person, World, bounds, compare, day_of, folded, length


def chosen(raw: dict[str, Any], world: World) -> set[int]:
    return {one.id for one in world.people if not one.is_erased and holds(raw, one, world)}


def holds(raw: dict[str, Any], person: Person, world: World) -> bool:
    for how, judge in GROUPS.items():
        if how in raw:
            return judge(holds(one, person, world) for one in raw[how])
    return _leaf(raw)(raw, person, world)


GROUPS: dict[str, Callable[[Iterable[bool]], bool]] = {"all": all, "any": any, "none": lambda held: not any(held)}


def _leaf(raw: dict[str, Any]) -> Callable[[dict[str, Any], Person, World], bool]:
    if "not_followed_by" in raw:
        return _unanswered
    if "funnel" in raw:
        return _stage if "in_stage" in raw else _move
    return next(leaf for word, leaf in LEAVES.items() if word in raw)


def _changed(raw: dict[str, Any], name: str, is_column: bool, person: Person, world: World) -> bool:
    since = world.now - length(raw["value"])
    return any((one, of) == (name, is_column) and at >= since for one, of, at in person.changes)


def _attribute(raw: dict[str, Any], person: Person, world: World) -> bool:
    name = raw["attribute"]
    if raw["op"] == "changed_within":
        return _changed(raw, name, False, person, world)
    return compare(person.attributes.get(name), raw["op"], raw.get("value"), world.types.get(name), world)


def _field(raw: dict[str, Any], person: Person, world: World) -> bool:
    name, wanted = raw["field"], raw.get("value")
    if raw["op"] == "changed_within":
        return _changed(raw, name, True, person, world)
    value = person.columns.get(name)
    if isinstance(value, datetime):
        return compare(value.isoformat(), raw["op"], wanted, "timestamp", world)
    if name == "email":
        value, wanted = folded(value), folded(wanted)
    return compare(None if value == "" else value, raw["op"], wanted, None, world)


def _within(at: datetime, raw: dict[str, Any] | None, world: World) -> bool:
    if raw is None:
        return True
    if "last" in raw:
        return at >= world.now - length(raw["last"])
    if "since" in raw:
        return at <= world.now and (world.last_run is None or at > world.last_run)
    is_early = "from" in raw and bounds(raw["from"], world)[0](at)
    return not is_early and not ("to" in raw and bounds(raw["to"], world)[1](at))


def _where(said: dict[str, Any], raw: list[dict[str, Any]] | None, world: World) -> bool:
    return all(
        compare(said.get(one["property"]), one.get("op", "equals"), one.get("value"), None, world) for one in raw or []
    )


def _done(name: str, raw: dict[str, Any], person: Person, world: World) -> list[Fact]:
    """In the order of time, and of arrival at the same moment."""
    found = [one for one in person.events if one.name == name and _within(one.at, raw.get("within"), world)]
    return sorted((one for one in found if _where(one.said, raw.get("where"), world)), key=lambda one: (one.at, one.id))


def _often(count: int, raw: dict[str, Any]) -> bool:
    (how, times), *_ = raw.get("times", {"at_least": 1}).items()
    return {"at_least": count >= times, "at_most": count <= times, "exactly": count == times}[how]


def _event(raw: dict[str, Any], person: Person, world: World) -> bool:
    return _often(len(_done(raw["event"], raw, person, world)), raw)


def _mail(raw: dict[str, Any], person: Person, world: World) -> bool:
    came = [one.came.get(raw["mail"]) for one in person.mails if _is_of(one, raw)]
    return _often(sum(at is not None and _within(at, raw.get("within"), world) for at in came), raw)


def _is_of(mail: Mail, raw: dict[str, Any]) -> bool:
    automation, templates = RUNS[mail.run]
    template = templates[mail.variant or 0]
    return raw.get("automation", automation) == automation and raw.get("template", template) == template


def _unanswered(raw: dict[str, Any], person: Person, world: World) -> bool:
    name, answer = raw["event"], raw["not_followed_by"]
    patience = length(raw["for"]) if "for" in raw else None
    for asked in _done(name, raw, person, world):
        if patience is not None and asked.at + patience > world.now:
            continue  # there is still time
        later = [one for one in person.events if one.name == answer and one.at >= asked.at]
        if answer == name:
            later = [one for one in later if one.at > asked.at]
        if patience is not None:
            later = [one for one in later if one.at <= asked.at + patience]
        if not later:
            return True
    return False


def _streak(raw: dict[str, Any], person: Person, world: World) -> bool:
    days = {day_of(one.at, world) for one in person.events if one.name == raw["streak"]}
    is_any = raw.get("starting") == "any"
    starts = days if is_any else {day_of(person.columns["created_date"], world)}
    return any(all(start + timedelta(days=n) in days for n in range(raw["days"])) for start in starts)


def _nth(raw: dict[str, Any], person: Person, world: World) -> bool:
    done = _done(raw["nth"]["event"], raw["nth"], person, world)
    n, first = raw["nth"]["n"], raw.get("of_n", 1)
    return len(done) >= n and done[n - 1].at <= done[first - 1].at + length(raw["within"])


def _sequence(raw: dict[str, Any], person: Person, world: World) -> bool:
    first, *rest = raw["sequence"]

    def goes_on(after: datetime, names: list[str], until: datetime) -> bool:
        if not names:
            return True
        then = [one.at for one in person.events if one.name == names[0] and after < one.at <= until]
        return any(goes_on(at, names[1:], until) for at in then)

    starts = [one.at for one in person.events if one.name == first]
    return any(goes_on(at, rest, at + length(raw["within"])) for at in starts)


def _last(raw: dict[str, Any], person: Person, world: World) -> bool:
    done = _done(raw["last"]["event"], {}, person, world)
    return bool(done) and _where(done[-1].said, raw["where"], world)


def _stage(raw: dict[str, Any], person: Person, world: World) -> bool:
    mine = sorted((one for one in person.moves if one.name == raw["funnel"]), key=lambda one: (one.at, one.id))
    if not mine or mine[-1].said["to"] != raw["in_stage"]:
        return False
    return "for" not in raw or mine[-1].at <= world.now - length(raw["for"])


def _move(raw: dict[str, Any], person: Person, world: World) -> bool:
    return any(
        one.name == raw["funnel"]
        and all(one.said[end] == raw[end] for end in ("from", "to") if end in raw)
        and _within(one.at, raw.get("within"), world)
        for one in person.moves
    )


def _orders(raw: dict[str, Any], person: Person, world: World) -> bool:
    spent, count = Fraction(0), 0
    for order in person.orders:
        total, back = order.said["total"], order.said["refunded_total"]
        is_kept = order.said["status"] == "paid" or (order.said["status"] == "refunded" and back < total)
        if not is_kept or not _within(order.at, raw.get("within"), world):
            continue
        if "category" in raw:
            lines = [one for one in order.said["items"] if world.categories.get(one["product_id"]) == raw["category"]]
            if not lines:
                continue
            cost = sum((one.get("price") or 0) * one.get("quantity", 1) for one in lines)
            spent += Fraction(cost * (total - back), max(total, 1))
        else:
            spent += total - back
        count += 1
    return compare(
        float(int(spent + Fraction(1, 2))) if raw["orders"] == "spent" else count, raw["op"], raw["value"], None, world
    )


def _cart(raw: dict[str, Any], person: Person, world: World) -> bool:
    cart = person.cart
    return cart is not None and bool(cart.said["items"]) and cart.at <= world.now - length(raw["for"])


def _interest(raw: dict[str, Any], person: Person, _world: World) -> bool:
    held = person.attributes.get("interest")
    return raw["interest"].lower() in [
        one.lower() for one in (held if isinstance(held, list) else [held]) if isinstance(one, str)
    ]


def _consent(raw: dict[str, Any], person: Person, _world: World) -> bool:
    has_address = bool(re.fullmatch(r".+@.+\..+", person.columns.get("email") or ""))
    may = has_address and not person.refused & {"suppressed", "marketing", raw["consent"]}
    return may == (raw.get("is", "given") == "given")


def _segment(raw: dict[str, Any], person: Person, world: World) -> bool:
    if raw["segment"] in world.lists:
        return person.id in world.lists[raw["segment"]]
    return holds(world.rules[raw["segment"]], person, world)


LEAVES: dict[str, Callable[[dict[str, Any], Person, World], bool]] = {
    "attribute": _attribute,
    "field": _field,
    "event": _event,
    "streak": _streak,
    "nth": _nth,
    "sequence": _sequence,
    "last": _last,
    "mail": _mail,
    "orders": _orders,
    "cart": _cart,
    "interest": _interest,
    "consent": _consent,
    "segment": _segment,
}
