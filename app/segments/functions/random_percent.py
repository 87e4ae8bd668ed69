"""So many of a hundred, by lot."""

from __future__ import annotations

from sqlalchemy import Select, String, cast, func, literal, select

from app.customers.customer import Customer
from app.segments.functions.arguments import number, text
from app.segments.functions.registry import segment_function

FACES = 2**53  # of the die: what a float still counts one by one


@segment_function(
    "random_percent",
    label="Random percent",
    arguments=[
        number("percent", "Percent", least=0, most=100, help="Of all customers; 2.5 is fine."),
        text("salt", "Salt", default="", help="Any word. Another word draws other people."),
    ],
)
def random_percent(percent: float, salt: str) -> Select[int]:
    """Draws people by lot. The same word always draws the same people; a higher percentage keeps those of a lower."""
    # Who is drawn depends on the id and the word alone. Hash partitions rest on this hash, so it stays what it is.
    drawn = func.hashtextextended(literal(salt) + ":" + cast(Customer.id, String), 0).op("&")(FACES - 1)
    return select(Customer.id).where(Customer.erased_at.is_(None), drawn < round(FACES * percent / 100))
