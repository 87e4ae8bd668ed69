"""What SQL segments may read, said for people; views.sql makes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

SCRIPT = Path(__file__).with_name("views.sql")
HAS_SCHEMA = text("SELECT to_regnamespace('reporting') IS NOT NULL")
# A reader has five seconds; whoever waits for the view waits longer.
PATIENCE = text("SET LOCAL lock_timeout = '15s'")


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    said: str


@dataclass(frozen=True)
class View:
    name: str
    said: str
    columns: tuple[Column, ...]


def _view(name: str, said: str, *columns: tuple[str, str, str]) -> View:
    return View(name, said, tuple(Column(*column) for column in columns))


SCHEMA = (
    _view(
        "customers",
        "One row per customer. The first column of a segment is their id.",
        ("id", "bigint", "the number of the customer"),
        ("lms_lead_id", "text", "the number in the learning system"),
        ("first_name", "text", ""),
        ("last_name", "text", ""),
        ("email", "text", "as it was published; a family may share one"),
        ("mobile", "text", ""),
        ("timezone", "text", "like Europe/Berlin"),
        ("attributes", "jsonb", "all attributes of the customer: attributes->>'city'"),
        ("created_date", "timestamptz", "when they signed up"),
        ("updated_date", "timestamptz", "when a value last changed"),
    ),
    _view(
        "customer_attributes",
        "One row per attribute of a customer.",
        ("id", "bigint", ""),
        ("customer_id", "bigint", "whose it is"),
        ("field_type", "text", "numeric, string, date, timestamp, boolean or array"),
        ("field_name", "text", "the name of the attribute"),
        ("field_value", "jsonb", "its value: field_value #>> '{}' is the text of it"),
        ("created_date", "timestamptz", "when it was first set"),
        ("updated_date", "timestamptz", "when it last changed"),
    ),
    _view(
        "funnel_events",
        "One row per move from one stage of a funnel to another.",
        ("id", "bigint", ""),
        ("customer_id", "bigint", "who moved"),
        ("funnel_type", "text", "sales or service-delivery"),
        ("from_stage", "text", "empty for the first move"),
        ("to_stage", "text", ""),
        ("created_date", "timestamptz", "when it happened"),
    ),
    _view(
        "events",
        "One row per thing that a customer did: logins, orders, clicks in the shop.",
        ("id", "bigint", ""),
        ("customer_id", "bigint", "who did it"),
        ("name", "text", "what it was, like login"),
        ("properties", "jsonb", "what was said with it: properties->>'product_id'"),
        ("occurred_at", "timestamptz", "when it happened"),
    ),
    _view(
        "orders",
        "One row per order.",
        ("id", "bigint", ""),
        ("customer_id", "bigint", "who ordered"),
        ("order_id", "text", "the number in the shop"),
        ("total", "bigint", "in cents"),
        ("currency", "text", "like EUR"),
        ("status", "text", "paid, cancelled or refunded"),
        ("refunded_total", "bigint", "in cents"),
        ("items", "jsonb", "what was ordered"),
        ("occurred_at", "timestamptz", "when it was ordered"),
    ),
    _view(
        "customer_segment_customer_list",
        "One row per customer on the list of a manual segment.",
        ("id", "bigint", ""),
        ("customer_segment_id", "bigint", "the number of the segment, as in its address"),
        ("customer_id", "bigint", "who is on the list"),
        ("created_date", "timestamptz", "since when"),
    ),
)
NAMES = tuple(view.name for view in SCHEMA)


def schema() -> list[View]:
    return list(SCHEMA)


def step_aside(connection: Connection) -> None:
    """Before tables change: a view would hold its columns fast. Until it is back, SQL segments refuse."""
    if connection.scalar(HAS_SCHEMA):
        connection.execute(PATIENCE)
        connection.execute(text(f"DROP VIEW IF EXISTS {', '.join(f'reporting.{name}' for name in NAMES)}"))


def make(connection: Connection) -> None:
    if connection.scalar(HAS_SCHEMA):
        connection.execute(PATIENCE)
        connection.exec_driver_sql(SCRIPT.read_text())
