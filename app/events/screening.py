"""What is refused before the database is asked: times out of reach, texts that are too long or cannot be kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from app.events import keys
from app.events.funnel_event import FUNNEL_TYPES
from app.events.incoming import Incoming
from app.tally import Reject

RETENTION = timedelta(days=730)  # of behaviour; older months are dropped
AHEAD = timedelta(days=1)  # for clocks that run ahead
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)  # of moves through a funnel, which are kept for good
LONGEST_NAME = 200
LONGEST_KEY = 500  # what names a person is indexed while it waits for them
LARGEST = 64 * 1024  # bytes of properties
NUL = b"\\u0000"


@dataclass(slots=True)
class Fact:
    """One that may be stored: its properties encoded once."""

    said: Incoming
    properties: str
    key: str | None


class _Refused(Exception):
    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(message)
        self.code, self.field = code, field


def screened(facts: Sequence[Incoming], now: datetime) -> tuple[list[Fact], list[Reject]]:
    good, rejects = [], []
    for fact in facts:
        try:
            good.append(_fact(fact, now))
        except _Refused as refused:
            rejects.append(Reject(fact.index, refused.code, refused.field, str(refused)))
    return good, rejects


def _fact(fact: Incoming, now: datetime) -> Fact:
    _check_time(fact, now)
    _check_person(fact)
    _check_kind(fact)
    _check_texts(fact)
    return Fact(fact, _encoded(fact), keys.of(fact))


def _check_time(fact: Incoming, now: datetime) -> None:
    if fact.occurred_at > now + AHEAD:
        raise _Refused("in_the_future", "occurred_at", "More than a day ahead: is the clock or the zone right?")
    if fact.kind == "event" and fact.occurred_at < now - RETENTION:
        raise _Refused("too_old", "occurred_at", f"Behaviour is kept for {RETENTION.days} days; this is older.")
    if fact.occurred_at < EARLIEST:
        raise _Refused("too_old", "occurred_at", "Before 1970: is the time right?")


def _check_kind(fact: Incoming) -> None:
    if not fact.name:
        raise _Refused("missing", "name", "It has no name.")
    if fact.kind == "funnel" and fact.name not in FUNNEL_TYPES:
        raise _Refused("unknown_funnel", "funnel_type", f"There are the funnels {' and '.join(FUNNEL_TYPES)}.")
    if fact.kind == "funnel" and not fact.to_stage:
        raise _Refused("missing", "to_stage", "A move leads to a stage.")


def _check_person(fact: Incoming) -> None:
    who = fact.who
    if not (who.is_named or who.anonymous_id):
        raise _Refused("missing", "who", "Nobody is named: give customer_id, lms_lead_id or email.")
    if who.customer_id is not None and not 0 < who.customer_id < 2**63:
        raise _Refused(*_unknown(who.customer_id))


def unknown_customer(fact: Incoming) -> Reject:
    return Reject(fact.index, *_unknown(fact.who.customer_id))


def _unknown(customer_id: int | None) -> tuple[str, str, str]:
    return "unknown_customer", "customer_id", f"There is no customer {customer_id}."


def _check_texts(fact: Incoming) -> None:
    who = fact.who
    keys_said = (who.lms_lead_id, who.email, who.anonymous_id, fact.source_id)
    names_said = (fact.name, fact.from_stage, fact.to_stage)
    whole = "".join(filter(None, keys_said + names_said))
    if len(whole) <= LONGEST_NAME and "\0" not in whole:
        return  # as good as always
    named = dict(zip(("lms_lead_id", "email", "anonymous_id", "id"), keys_said, strict=True))
    told = dict(zip(("name", "from_stage", "to_stage"), names_said, strict=True))
    for texts, longest in ((named, LONGEST_KEY), (told, LONGEST_NAME)):
        for field, text in texts.items():
            _check_text(field, text or "", longest)


def _check_text(field: str, text: str, longest: int) -> None:
    if len(text) > longest:
        raise _Refused("too_long", field, f"At most {longest} characters.")
    if "\0" in text:
        raise _Refused("bad_value", field, "It holds a NUL character.")


def _encoded(fact: Incoming) -> str:
    if not fact.properties:
        return "{}"
    try:
        written = msgspec.json.encode(fact.properties)
    except RecursionError:
        raise _Refused("bad_value", "properties", "It is nested too deeply.") from None
    if len(written) > LARGEST:
        raise _Refused("too_large", "properties", f"At most {LARGEST // 1024} KB.")
    if NUL in written.replace(b"\\\\", b""):
        raise _Refused("bad_value", "properties", "It holds a NUL character.")
    return written.decode()
