"""The vocabulary of rules, once: every kind of condition, its parts, and what each part takes.

The builder draws its inputs from here, the validator reads by it, the help page lists it; the compiler and the
sentence have one small file per kind in conditions/, found by the kind's name. A new kind: one entry, one file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.events.funnel_event import FUNNEL_TYPES


@dataclass(frozen=True)
class Input:
    """A part of a condition. `kind` is a reader of inputs.py; `suggests` a list that the builder offers."""

    name: str
    label: str
    kind: str
    is_needed: bool = True
    choices: tuple[tuple[str, str], ...] = ()
    suggests: str = ""
    least: int = 1
    most: int = 10_000


@dataclass(frozen=True)
class Kind:
    """`marks` are the keys that tell this kind from the others, the first of them what it is about."""

    name: str
    label: str
    marks: tuple[str, ...]
    inputs: tuple[Input, ...]
    help: str
    example: Mapping[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(one.name for one in self.inputs)


@dataclass(frozen=True)
class Column:
    """A column of a customer: how it is called, and its type as attributes have one."""

    name: str
    label: str
    kind: str
    is_folded: bool = False
    is_called: str = ""  # in a sentence: “whose sign-up is before …”

    @property
    def said(self) -> str:
        return self.is_called or self.label.lower()


COLUMNS: dict[str, Column] = {
    one.name: one
    for one in (
        Column("email", "E-mail", "string", is_folded=True, is_called="e-mail"),
        Column("first_name", "First name", "string"),
        Column("last_name", "Last name", "string"),
        Column("mobile", "Mobile", "string"),
        Column("timezone", "Time zone", "string"),
        Column("lms_lead_id", "Lead id", "string"),
        Column("id", "Customer id", "numeric"),
        Column("created_date", "Signed up", "timestamp", is_called="sign-up"),
        Column("updated_date", "Last changed", "timestamp", is_called="last change"),
        Column("source", "Came by", "string", is_called="source"),
    )
}
FUNNELS = tuple((one, one) for one in FUNNEL_TYPES)
MAIL_STATES = (("sent", "got"), ("opened", "opened"), ("clicked", "clicked"), ("converted", "converted after"))
STARTS = (("signup", "from the day of sign-up"), ("any", "at any time"))
SUMS = (("spent", "spent (minor units)"), ("count", "number of orders"))
EVENT = Input("event", "", "name", suggests="events")
WHERE = Input("where", "where", "where", is_needed=False)
WITHIN = Input("within", "when", "within", is_needed=False)
TIMES = Input("times", "how often", "times", is_needed=False)
SPAN = Input("within", "within", "duration")

KINDS: dict[str, Kind] = {
    one.name: one
    for one in (
        Kind(
            "attribute", "Attribute", ("attribute",),
            (
                Input("attribute", "", "name", suggests="attributes"),
                Input("op", "", "op"),
                Input("value", "", "value", is_needed=False),
            ),
            "An attribute of the customer, compared by its type.",
            {"attribute": "score", "op": "at_least", "value": 60},
        ),
        Kind(
            "field", "Customer", ("field",),
            (
                Input("field", "", "choice", choices=tuple((one.name, one.label) for one in COLUMNS.values())),
                Input("op", "", "op"),
                Input("value", "", "value", is_needed=False),
            ),
            "A column of the customer. E-mail is compared without regard to capitals, other texts exactly.",
            {"field": "created_date", "op": "within_last", "value": "30d"},
        ),
        Kind(
            "unanswered", "Event without answer", ("event", "not_followed_by"),
            (
                EVENT,
                WITHIN,
                WHERE,
                Input("not_followed_by", "not followed by", "name", suggests="events"),
                Input("for", "for", "duration", is_needed=False),
            ),
            "Something happened, and the other did not follow in this time, which has passed; without “for”: never.",
            {"event": "checkout_started", "within": {"last": "7d"}, "not_followed_by": "order_completed", "for": "24h"},
        ),
        Kind(
            "event", "Event", ("event",), (EVENT, TIMES, WITHIN, WHERE),
            "Something that the customer did, at least once unless it says how often. “At most” includes never.",
            {"event": "login", "times": {"at_least": 3}, "within": {"last": "30d"}},
        ),
        Kind(
            "streak", "Streak", ("streak",),
            (
                Input("streak", "", "name", suggests="events"),
                Input("days", "days in a row", "whole", most=400),
                Input("starting", "starting", "choice", is_needed=False, choices=STARTS),
            ),
            "On each of so many days in a row, in the team's time zone.",
            {"streak": "login", "days": 10, "starting": "signup"},
        ),
        Kind(
            "nth", "Again", ("nth",),
            (
                Input("nth", "", "nth"),
                SPAN,
                Input("of_n", "after number", "whole", is_needed=False, most=1_000),
            ),
            "The nth time came within this time of an earlier one, the first unless it says which.",
            {"nth": {"event": "order_completed", "n": 2}, "within": "7d", "of_n": 1},
        ),
        Kind(
            "sequence", "Sequence", ("sequence",),
            (Input("sequence", "", "names", suggests="events", least=2, most=5), SPAN),
            "One after the other, from the first to the last within this time.",
            {"sequence": ["kyc_done", "loan_requested"], "within": "48h"},
        ),
        Kind(
            "last", "Last event", ("last",),
            (Input("last", "", "last"), Input("where", "where", "where")),
            "The latest of these events has these properties.",
            {
                "last": {"event": "order_completed"},
                "where": [{"property": "total", "op": "at_least", "value": 40000}],
            },
        ),
        Kind(
            "stage", "Stage", ("funnel", "in_stage"),
            (
                Input("funnel", "", "choice", choices=FUNNELS),
                Input("in_stage", "is", "name", suggests="stages"),
                Input("for", "for at least", "duration", is_needed=False),
            ),
            "Where the customer stands in a funnel now, and since when.",
            {"funnel": "sales", "in_stage": "applied", "for": "7d"},
        ),
        Kind(
            "move", "Move", ("funnel",),
            (
                Input("funnel", "", "choice", choices=FUNNELS),
                Input("from", "from", "name", is_needed=False, suggests="stages"),
                Input("to", "to", "name", is_needed=False, suggests="stages"),
                WITHIN,
            ),
            "A move from one stage to another; either may be left open.",
            {"funnel": "sales", "from": "applied", "to": "enrolled", "within": {"last": "30d"}},
        ),
        Kind(
            "mail", "Mail", ("mail",),
            (
                Input("mail", "", "choice", choices=MAIL_STATES),
                Input("automation", "by automation", "id", is_needed=False, suggests="automations"),
                Input("template", "of template", "id", is_needed=False, suggests="templates"),
                TIMES,
                WITHIN,
            ),
            "What became of our mails, each at its first time; opened and clicked by people, not by machines.",
            {"mail": "clicked", "within": {"last": "30d"}},
        ),
        Kind(
            "orders", "Orders", ("orders",),
            (
                Input("orders", "", "choice", choices=SUMS),
                Input("op", "", "sum_op"),
                Input("value", "", "sum"),
                Input("category", "in category", "name", is_needed=False, suggests="categories"),
                WITHIN,
            ),
            "What they bought and kept: cancelled orders and refunds do not count. Nothing bought is 0.",
            {"orders": "spent", "op": "at_least", "value": 20000, "within": {"last": "90d"}},
        ),
        Kind(
            "cart", "Cart", ("cart",),
            (
                Input("cart", "", "choice", choices=(("idle", "lies untouched"),)),
                Input("for", "for at least", "duration"),
            ),
            "Something lies in the cart, and nobody has touched it.",
            {"cart": "idle", "for": "24h"},
        ),
        Kind(
            "interest", "Interest", ("interest",), (Input("interest", "", "name", suggests="interests"),),
            "The attribute “interest” is this word, or holds it; capitals do not matter.",
            {"interest": "festivals"},
        ),
        Kind(
            "consent", "Permission", ("consent",),
            (
                Input("consent", "", "name", suggests="topics"),
                Input("is", "is", "choice", is_needed=False, choices=(("given", "given"), ("not_given", "not given"))),
            ),
            "Whether a promotional mail about this topic may be sent to them now.",
            {"consent": "newsletter", "is": "given"},
        ),
        Kind(
            "segment", "Segment", ("segment",), (Input("segment", "", "id", suggests="segments"),),
            "Whoever is in another segment.",
            {"segment": 12},
        ),
    )
}  # fmt: skip


def kind_of(raw: Mapping[str, Any]) -> Kind | None:
    """The kind with the most marks comes first, so that an event without answer is not taken for an event."""
    fitting = [kind for kind in KINDS.values() if all(mark in raw for mark in kind.marks)]
    return max(fitting, key=lambda kind: len(kind.marks), default=None)
