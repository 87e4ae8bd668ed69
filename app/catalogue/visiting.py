"""Whose doing in the shop it is: a customer's, else it waits under the lead, else it is the session's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.catalogue import sessions, whose
from app.catalogue.happened import Happened
from app.catalogue.visitor import Visitor
from app.customers.who import Who

SOURCE = "shop"


@dataclass(frozen=True, slots=True)
class Owner:
    """One of the three is said, and of a stranger with a lead the session too."""

    customer_id: int | None = None
    lms_lead_id: str | None = None
    session_id: str | None = None

    @property
    def key(self) -> tuple[str, Any]:
        if self.customer_id:
            return "customer_id", self.customer_id
        return ("lms_lead_id", self.lms_lead_id) if self.lms_lead_id else ("session_id", self.session_id)

    def did(self, name: str, at: datetime, properties: Mapping[str, Any]) -> Happened:
        return Happened(0, name, self._who, self.customer_id, at, properties)

    @property
    def _who(self) -> Who:
        if self.customer_id:
            return Who(customer_id=self.customer_id)
        return Who(lms_lead_id=self.lms_lead_id) if self.lms_lead_id else Who(anonymous_id=self.session_id)


def owner(visitor: Visitor) -> Owner:
    """Held until the commit, so that nobody merges or erases them meanwhile."""
    person = sessions.customer_of(visitor)
    if person:
        who = Who(customer_id=person)
        person = whose.find([who], SOURCE)[who].id
    return Owner(person) if person else Owner(None, visitor.lead, visitor.session_id)


def owners(session_ids: Collection[str]) -> dict[str, Who]:
    """Of sessions that are somebody's: of whom. Held like the owner of one."""
    people = {session: Who(customer_id=person) for session, person in sessions.owners(session_ids).items()}
    found = whose.find(people.values(), SOURCE) if people else {}
    return {session: who for session, who in people.items() if found[who].id}


def told(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What is not known is not said."""
    return {name: value for name, value in properties.items() if value is not None}
