"""SQL to start from: one click puts it into the editor."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    said: str
    sql: str


EXAMPLES = (
    Example(
        "Customers in one city",
        """SELECT id
  FROM customers
 WHERE attributes->>'city' = 'Berlin'""",
    ),
    Example(
        "Logged in during the last seven days",
        """SELECT DISTINCT customer_id
  FROM events
 WHERE name = 'login'
   AND occurred_at >= now() - interval '7 days'""",
    ),
    Example(
        "Bought a second time within a week of the first purchase",
        """SELECT customer_id
  FROM (SELECT customer_id, occurred_at,
               row_number() OVER (PARTITION BY customer_id ORDER BY occurred_at) AS number,
               lag(occurred_at) OVER (PARTITION BY customer_id ORDER BY occurred_at) AS before
          FROM orders
         WHERE status = 'paid') AS bought
 WHERE number = 2
   AND occurred_at <= before + interval '7 days'""",
    ),
    Example(
        "Signed up this month and has not ordered yet",
        """SELECT c.id
  FROM customers c
 WHERE c.created_date >= date_trunc('month', now())
   AND NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id)""",
    ),
)
