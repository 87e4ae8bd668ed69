"""Customers as they are published: columns and attributes checked and typed, types declared, then written in sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from app.blueprints.api import consenting
from app.blueprints.api.consenting import Caller
from app.blueprints.api.shapes import Customer, said, those_said
from app.customers import attribute_types, attribute_values, upsert
from app.customers.attribute_values import CONTROL, Wrong
from app.customers.attributes import FIELD_TYPES
from app.customers.incoming import COLUMNS, Incoming, Source, Upserted
from app.ops import joining
from app.settings.addresses import is_address
from app.tally import Reject, Tally


def publish(
    items: Sequence[tuple[int, Customer]], said_by: str, now: datetime, receipt_id: int | None = None
) -> tuple[Tally, Upserted]:
    """Types are bound before values are written; what somebody else bound meanwhile binds these items, too."""
    topics = consenting.known() if any(item.consent for _, item in items) else {}
    while True:
        typist = _Typist(attribute_types.declared(), topics, now)
        people = [person for index, item in items if (person := typist.person(index, item))]
        if not attribute_types.declare(typist.new):
            break
    attribute_types.observe(typist.seen)
    tally, upserted = upsert.upsert_many(people, Source(said_by), now)
    tally.refuse(typist.rejects)
    if topics:
        said_of = dict(items)
        caller = Caller(said_by, now, receipt_id)
        consenting.hear([said_of[person.index] for person in people], upserted, tally, caller)
    joining.join(upserted.appeared, now)
    return tally, upserted


@dataclass
class _Typist:
    declared: Mapping[str, str]
    topics: Mapping[str, int]
    now: datetime
    new: dict[str, str] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)

    def person(self, index: int, item: Customer) -> Incoming | None:
        try:
            columns = _columns(item)
            binds = {name: one["type"] for name, one in _attributes(item).items() if _is_declaration(one)}
            attributes = {name: self._typed(name, value, binds) for name, value in _attributes(item).items()}
            self._check(item)
        except _Refused as refused:
            self.rejects.append(Reject(index, refused.code, refused.field, str(refused)))
            return None
        self.new.update({name: kind for name, kind in binds.items() if name not in self.declared})
        return Incoming(index, said(item.customer_id), columns, attributes)

    def _check(self, item: Customer) -> None:
        consent = said(item.consent)
        if consent and (wrong := consenting.problem(consent, self.topics, self.now)):
            raise _Refused(wrong.code, f"consent.{wrong.field}", wrong.message)

    def _typed(self, name: str, value: Any, binds: Mapping[str, str]) -> Any:
        bound = self.declared.get(name) or self.new.get(name)
        try:
            if name in binds:
                value = value["value"]
                if binds[name] not in FIELD_TYPES:
                    raise Wrong("unknown_type", f"A type is one of {', '.join(FIELD_TYPES)}.")
                if bound not in (None, binds[name]):
                    raise Wrong("wrong_type", f"It is declared as {bound}.")
                bound = binds[name]
            typed = attribute_values.typed(name, value, bound)
        except Wrong as wrong:
            raise _Refused(wrong.code, f"attributes.{name[:100]}", str(wrong)) from None
        if typed is not None and name not in self.seen and not bound:
            self.seen[name] = attribute_values.infer(typed)
        return typed


class _Refused(Exception):
    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(message)
        self.code, self.field = code, field


def _columns(item: Customer) -> dict[str, Any]:
    columns = those_said(item, *COLUMNS)
    lead = said(item.lms_lead_id) or said(item.external_id)
    columns.pop("lms_lead_id", None)  # given once, never cleared
    if lead:
        columns["lms_lead_id"] = lead
    if email := columns.get("email"):
        columns["email"] = email.strip()
        _check_email(columns["email"])
    if not (lead or columns.get("email") or said(item.customer_id)):
        raise _Refused("missing", "who", "Nobody is named: give lms_lead_id, email or customer_id.")
    if lead and CONTROL.search(lead):
        raise _Refused("bad_value", "lms_lead_id", "It holds control characters.")
    if (zone := columns.get("timezone")) and zone not in _zones():
        raise _Refused("bad_value", "timezone", "No time zone is called that; write it like Europe/Berlin.")
    return columns


def _check_email(email: str) -> None:
    if not is_address(email):
        raise _Refused("bad_value", "email", "This is no e-mail address.")


def _attributes(item: Customer) -> dict[str, Any]:
    return said(item.attributes) or {}


def _is_declaration(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"type", "value"} and isinstance(value["type"], str)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
