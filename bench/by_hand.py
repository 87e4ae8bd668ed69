"""Rules of each kind, and the quickest SQL that was found for the same people: several shapes were tried for each.

What a rule leaves to the statement in general (who was erased) is in these only where they read customers anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    name: str
    rule: dict[str, Any]
    sql: str  # selects customer_id, each once


OFTEN = {"event": "login", "times": {"at_least": 3}, "within": {"last": "30d"}}
LAPSED = {"event": "login", "times": {"exactly": 0}, "within": {"last": "30d"}}
CASES = (
    Case("attribute, number", {"attribute": "score", "op": "at_least", "value": 60}, """
        SELECT id AS customer_id FROM customers
         WHERE attributes @@ '$.score >= 60' AND erased_at IS NULL"""),
    Case("attribute, word", {"attribute": "campus_city", "op": "in", "value": ["Berlin", "Lisbon"]}, """
        SELECT id AS customer_id FROM customers
         WHERE (attributes @> '{"campus_city": "Berlin"}' OR attributes @> '{"campus_city": "Lisbon"}')
           AND erased_at IS NULL"""),
    Case("attribute, not this word", {"attribute": "campus_city", "op": "not_equals", "value": "Berlin"}, """
        SELECT id AS customer_id FROM customers
         WHERE attributes ->> 'campus_city' IS DISTINCT FROM 'Berlin' AND erased_at IS NULL"""),
    Case("attribute, time", {"attribute": "first_visit", "op": "within_last", "value": "90d"}, """
        SELECT id AS customer_id FROM customers
         WHERE (attributes ->> 'first_visit') COLLATE "C" BETWEEN '2026-08-03T00:00:00' AND '2026-11-01T00:00:00'
           AND erased_at IS NULL"""),
    Case("attribute, changed", {"attribute": "score", "op": "changed_within", "value": "30d"}, """
        SELECT DISTINCT customer_id FROM attribute_changes
         WHERE at >= CAST(:now AS timestamptz) - interval '30 days' AND name = 'score' AND NOT is_column"""),
    Case("field, text", {"field": "email", "op": "ends_with", "value": "@posteo.example"}, """
        SELECT id AS customer_id FROM customers
         WHERE right(email_folded, 15) = '@posteo.example' AND erased_at IS NULL"""),
    Case("field, time", {"field": "created_date", "op": "within_last", "value": "60d"}, """
        SELECT id AS customer_id FROM customers
         WHERE created_date BETWEEN CAST(:now AS timestamptz) - interval '60 days' AND :now AND erased_at IS NULL"""),
    Case("event, three times in 30 d", OFTEN, """
        SELECT customer_id FROM events
         WHERE name = 'login' AND occurred_at >= CAST(:now AS timestamptz) - interval '30 days'
         GROUP BY customer_id HAVING count(*) >= 3"""),
    Case("event, never in 30 d", LAPSED, """
        SELECT id AS customer_id FROM customers c
         WHERE erased_at IS NULL AND id NOT IN (
           SELECT customer_id FROM events
            WHERE name = 'login' AND occurred_at >= CAST(:now AS timestamptz) - interval '30 days')"""),
    Case("event, at most two", {"event": "lesson_finished", "times": {"at_most": 2}}, """
        SELECT id AS customer_id FROM customers c
         WHERE erased_at IS NULL AND id NOT IN (
           SELECT customer_id FROM events WHERE name = 'lesson_finished' GROUP BY customer_id HAVING count(*) > 2)"""),
    Case("event with properties", {
        "event": "order_completed",
        "within": {"last": "90d"},
        "where": [{"property": "total", "op": "at_least", "value": 10000}],
    }, """
        SELECT DISTINCT customer_id FROM events
         WHERE name = 'order_completed' AND occurred_at >= CAST(:now AS timestamptz) - interval '90 days'
           AND properties @@ '$.total >= 10000'"""),
    Case("streak from sign-up", {"streak": "login", "days": 10, "starting": "signup"}, """
        SELECT c.id AS customer_id
          FROM customers c
          JOIN events e ON e.customer_id = c.id AND e.name = 'login'
           AND e.occurred_at >= c.created_date - interval '26 hours'
           AND e.occurred_at < c.created_date + interval '242 hours'
           AND (e.occurred_at AT TIME ZONE 'Europe/Berlin')::date
               - (c.created_date AT TIME ZONE 'Europe/Berlin')::date BETWEEN 0 AND 9
         GROUP BY c.id
        HAVING count(DISTINCT (e.occurred_at AT TIME ZONE 'Europe/Berlin')::date) = 10"""),
    Case("streak at any time", {"streak": "login", "days": 5, "starting": "any"}, """
        SELECT DISTINCT customer_id
          FROM (SELECT customer_id, day - lag(day, 4) OVER (PARTITION BY customer_id ORDER BY day) AS apart
                  FROM (SELECT DISTINCT customer_id, (occurred_at AT TIME ZONE 'Europe/Berlin')::date AS day
                          FROM events WHERE name = 'login') days) runs
         WHERE apart = 4"""),
    Case("second within a week", {"nth": {"event": "order_completed", "n": 2}, "within": "7d", "of_n": 1}, """
        SELECT customer_id
          FROM (SELECT customer_id, occurred_at, row_number() OVER w AS place, lead(occurred_at) OVER w AS later
                  FROM events WHERE name = 'order_completed'
                WINDOW w AS (PARTITION BY customer_id ORDER BY occurred_at)) numbered
         WHERE place = 1 AND later <= occurred_at + interval '7 days'"""),
    Case("sequence", {"sequence": ["kyc_done", "loan_requested"], "within": "48h"}, """
        SELECT DISTINCT l.customer_id
          FROM events l JOIN events k ON k.customer_id = l.customer_id AND k.name = 'kyc_done'
           AND k.occurred_at < l.occurred_at AND l.occurred_at <= k.occurred_at + interval '48 hours'
         WHERE l.name = 'loan_requested'"""),
    Case("event without answer", {
        "event": "checkout_started", "within": {"last": "7d"}, "not_followed_by": "order_completed", "for": "24h",
    }, """
        SELECT DISTINCT e.customer_id FROM events e
         WHERE e.name = 'checkout_started' AND e.occurred_at >= CAST(:now AS timestamptz) - interval '7 days'
           AND e.occurred_at <= CAST(:now AS timestamptz) - interval '24 hours'
           AND NOT EXISTS (SELECT FROM events a WHERE a.customer_id = e.customer_id AND a.name = 'order_completed'
                              AND a.occurred_at >= CAST(:now AS timestamptz) - interval '7 days'
                              AND a.occurred_at BETWEEN e.occurred_at AND e.occurred_at + interval '24 hours')"""),
    Case("last event was large", {
        "last": {"event": "order_completed"}, "where": [{"property": "total", "op": "at_least", "value": 10000}],
    }, """
        SELECT customer_id
          FROM (SELECT DISTINCT ON (customer_id) customer_id, properties @@ '$.total >= 10000' AS is_large FROM events
                 WHERE name = 'order_completed' ORDER BY customer_id, occurred_at DESC, id DESC) latest
         WHERE is_large"""),
    Case("stage for a week", {"funnel": "sales", "in_stage": "interview", "for": "7d"}, """
        SELECT f.customer_id FROM funnel_events f
         WHERE f.funnel_type = 'sales' AND f.to_stage = 'interview'
           AND f.created_date <= CAST(:now AS timestamptz) - interval '7 days'
           AND NOT EXISTS (SELECT FROM funnel_events l WHERE l.customer_id = f.customer_id AND l.funnel_type = 'sales'
                              AND l.created_date >= f.created_date
                              AND (l.created_date, l.id) > (f.created_date, f.id))"""),
    Case("move in 90 d", {"funnel": "sales", "from": "interview", "to": "enrolled", "within": {"last": "90d"}}, """
        SELECT DISTINCT customer_id FROM funnel_events
         WHERE funnel_type = 'sales' AND to_stage = 'enrolled' AND coalesce(from_stage, '') = 'interview'
           AND created_date >= CAST(:now AS timestamptz) - interval '90 days'"""),
    Case("no mail", {"mail": "clicked", "times": {"exactly": 0}, "within": {"last": "30d"}}, """
        SELECT id AS customer_id FROM customers
         WHERE erased_at IS NULL
           AND id NOT IN (SELECT customer_id FROM deliveries
                           WHERE clicked_at >= CAST(:now AS timestamptz) - interval '30 days')"""),
    Case("orders, spent", {"orders": "spent", "op": "at_least", "value": 20000, "within": {"last": "90d"}}, """
        SELECT customer_id FROM orders
         WHERE (status = 'paid' OR (status = 'refunded' AND refunded_total < total)) AND customer_id IS NOT NULL
           AND occurred_at >= CAST(:now AS timestamptz) - interval '90 days'
         GROUP BY customer_id HAVING sum(total - refunded_total) >= 20000"""),
    Case("orders, in a category", {"orders": "count", "op": "at_least", "value": 2, "category": "books"}, """
        SELECT o.customer_id
          FROM orders o CROSS JOIN jsonb_array_elements(o.items) line
          JOIN products p ON p.product_id = line ->> 'product_id' AND p.category = 'books'
         WHERE (o.status = 'paid' OR (o.status = 'refunded' AND o.refunded_total < o.total))
           AND o.customer_id IS NOT NULL
         GROUP BY o.customer_id HAVING count(DISTINCT o.id) >= 2"""),
    Case("orders, spent in a category", {"orders": "spent", "op": "at_most", "value": 5000, "category": "books"}, """
        SELECT id AS customer_id FROM customers
         WHERE erased_at IS NULL AND id NOT IN (
           SELECT o.customer_id
             FROM orders o CROSS JOIN jsonb_array_elements(o.items) line
             JOIN products p ON p.product_id = line ->> 'product_id' AND p.category = 'books'
            WHERE (o.status = 'paid' OR (o.status = 'refunded' AND o.refunded_total < o.total))
              AND o.customer_id IS NOT NULL
            GROUP BY o.customer_id
           HAVING round(sum((line ->> 'price')::numeric * (line ->> 'quantity')::numeric
                            * (o.total - o.refunded_total) / greatest(o.total, 1))) > 5000)"""),
    Case("cart", {"cart": "idle", "for": "24h"}, """
        SELECT customer_id FROM carts
         WHERE customer_id IS NOT NULL AND items <> '[]'
           AND occurred_at <= CAST(:now AS timestamptz) - interval '24 hours'"""),
    Case("interest", {"interest": "festivals"}, """
        SELECT id AS customer_id FROM customers
         WHERE attributes @? '$.interest ? (@ like_regex "^festivals$" flag "i")' AND erased_at IS NULL"""),
    Case("consent", {"consent": "newsletter"}, """
        SELECT c.id AS customer_id FROM customers c
         WHERE c.erased_at IS NULL AND c.email_folded LIKE '_%@_%._%'
           AND c.email_folded NOT IN (SELECT email_folded FROM suppressions)
           AND c.id NOT IN (SELECT customer_id FROM customer_standings s JOIN topics t ON t.id = s.topic_id
                             WHERE t.slug IN ('newsletter', 'marketing') AND NOT s.is_given)
           AND c.email_folded NOT IN (SELECT email_folded FROM address_standings s JOIN topics t ON t.id = s.topic_id
                                       WHERE t.slug IN ('newsletter', 'marketing') AND NOT s.is_given)
           AND c.id NOT IN (SELECT customer_id FROM pauses WHERE until > CAST(:now AS timestamptz))
           AND (NOT c.asks_first OR c.id IN (
             SELECT customer_id FROM customer_standings s JOIN topics t ON t.id = s.topic_id
              WHERE t.slug = 'newsletter' AND s.is_given))"""),
    Case("segment, a list", {"all": [{"segment": 1000001}, {"attribute": "score", "op": "at_least", "value": 60}]}, """
        SELECT c.id AS customer_id
          FROM customer_segment_customer_list l JOIN customers c ON c.id = l.customer_id
         WHERE l.customer_segment_id = 1000001 AND c.attributes @@ '$.score >= 60' AND c.erased_at IS NULL"""),
    Case("segment of rules", {"segment": 1000002}, """
        SELECT customer_id FROM events
         WHERE name = 'login' AND occurred_at >= CAST(:now AS timestamptz) - interval '90 days'
         GROUP BY customer_id HAVING count(*) >= 5"""),
    Case("all: attribute, event, not event", {"all": [
        {"attribute": "score", "op": "at_least", "value": 60},
        {"event": "product_viewed", "times": {"at_least": 3}, "within": {"last": "30d"}},
        {"event": "order_completed", "times": {"exactly": 0}, "within": {"last": "30d"}},
    ]}, """
        SELECT v.customer_id
          FROM (SELECT customer_id FROM events
                 WHERE name = 'product_viewed' AND occurred_at >= CAST(:now AS timestamptz) - interval '30 days'
                 GROUP BY customer_id HAVING count(*) >= 3) v
          JOIN customers c ON c.id = v.customer_id
         WHERE c.attributes @@ '$.score >= 60' AND c.erased_at IS NULL
           AND v.customer_id NOT IN (
             SELECT customer_id FROM events
              WHERE name = 'order_completed' AND occurred_at >= CAST(:now AS timestamptz) - interval '30 days')"""),
    Case("any: stage, event, attribute", {"any": [
        {"funnel": "sales", "in_stage": "applied"},
        {"event": "open_day_booked", "within": {"last": "60d"}},
        {"attribute": "scholarship", "op": "equals", "value": True},
    ]}, """
        SELECT f.customer_id FROM funnel_events f
         WHERE f.funnel_type = 'sales' AND f.to_stage = 'applied'
           AND NOT EXISTS (SELECT FROM funnel_events l WHERE l.customer_id = f.customer_id AND l.funnel_type = 'sales'
                              AND l.created_date >= f.created_date
                              AND (l.created_date, l.id) > (f.created_date, f.id))
        UNION
        SELECT customer_id FROM events
         WHERE name = 'open_day_booked' AND occurred_at >= CAST(:now AS timestamptz) - interval '60 days'
        UNION
        SELECT id FROM customers WHERE attributes @> '{"scholarship": true}' AND erased_at IS NULL"""),
    Case("nested: warm and not at it", {"all": [
        {"field": "created_date", "op": "before", "value": "2026-10-01"},
        {"any": [OFTEN, {"event": "open_day_booked", "within": {"last": "60d"}}]},
        {"none": [
            {"event": "loan_requested"},
            {"all": [{"interest": "sound"}, {"attribute": "score", "op": "at_most", "value": 30}]},
        ]},
    ]}, """
        SELECT c.id AS customer_id FROM customers c
         WHERE c.created_date < '2026-10-01 00:00 Europe/Berlin' AND c.erased_at IS NULL
           AND c.id IN (
             SELECT customer_id FROM events
              WHERE name = 'login' AND occurred_at >= CAST(:now AS timestamptz) - interval '30 days'
              GROUP BY customer_id HAVING count(*) >= 3
             UNION
             SELECT customer_id FROM events
              WHERE name = 'open_day_booked' AND occurred_at >= CAST(:now AS timestamptz) - interval '60 days')
           AND NOT EXISTS (SELECT FROM events l WHERE l.name = 'loan_requested' AND l.customer_id = c.id)
           AND (c.attributes @? '$.interest ? (@ like_regex "^sound$" flag "i")'
                AND c.attributes @@ '$.score <= 30') IS NOT TRUE"""),
)  # fmt: skip
