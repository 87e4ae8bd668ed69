"""The demo's people: the same for the same seed, believable in time, and never anybody's real address."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import text

from app.db import db
from app.demo import load, people
from app.demo.chunk import PARTS, Chunk
from app.demo.plan import Plan
from app.events import partitions

NOW = datetime(2026, 11, 1, tzinfo=UTC)
PLAN = Plan(customers=2_500, events=20_000, seed=7, now=int(NOW.timestamp()))


def checksum(plan: Plan, numbers: list[int] | None = None) -> str:
    found = {}
    for number in numbers or range(plan.chunks):
        chunk = Chunk(plan, number)
        found[number] = "".join(line for part in PARTS for line in part.lines(chunk))
    return hashlib.sha256("".join(found[number] for number in sorted(found)).encode()).hexdigest()


class TestSeed:
    def test_the_same_seed_makes_the_same_rows(self):
        assert checksum(PLAN) == checksum(Plan(2_500, 20_000, 7, PLAN.now))

    def test_another_seed_makes_others(self):
        assert checksum(PLAN) != checksum(Plan(2_500, 20_000, 8, PLAN.now))

    def test_the_order_in_which_chunks_are_made_does_not_matter(self):
        random.seed(1)
        assert checksum(PLAN, [1, 0]) == checksum(PLAN, [0, 1])


@pytest.fixture(scope="module")
def filled(migrated):
    with migrated.app_context():
        partitions.ensure(PLAN.began_at, PLAN.now_at)
        db.session.commit()
        connection = db.session.connection().connection.driver_connection
        assert isinstance(connection, psycopg.Connection)
        load.at_once(connection, PLAN)
        db.session.commit()
        yield lambda sql, **values: db.session.execute(text(sql), values).all()
        db.session.rollback()


def test_there_are_exactly_as_many_as_asked_for(filled):
    assert filled("SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM events)") == [(2_500, 20_000)]


BROKEN = {
    "an event before the sign-up": """
        SELECT e.id FROM events e JOIN customers c ON c.id = e.customer_id WHERE e.occurred_at < c.created_date""",
    "an event of nobody": """
        SELECT e.id FROM events e LEFT JOIN customers c ON c.id = e.customer_id WHERE c.id IS NULL""",
    "an event in the future": "SELECT id FROM events WHERE occurred_at >= :now",
    "a sign-up in the future": "SELECT id FROM customers WHERE created_date >= :now OR updated_date >= :now",
    "a move before the sign-up or in the future": """
        SELECT m.id FROM funnel_events m JOIN customers c ON c.id = m.customer_id
         WHERE m.created_date < c.created_date OR m.created_date >= :now""",
    "a move that does not start where the last one ended": """
        SELECT id FROM (SELECT id, from_stage, lag(to_stage) OVER (
                  PARTITION BY customer_id, funnel_type ORDER BY created_date, id) AS before FROM funnel_events) m
         WHERE from_stage IS DISTINCT FROM before""",
    "a course begun without enrolling": """
        SELECT m.id FROM funnel_events m WHERE funnel_type = 'service-delivery' AND NOT EXISTS (
          SELECT FROM funnel_events s WHERE s.customer_id = m.customer_id AND s.to_stage = 'enrolled'
             AND s.created_date <= m.created_date)""",
    "an order without a cart before it": """
        SELECT o.id FROM events o WHERE o.name = 'order_completed' AND NOT EXISTS (
          SELECT FROM events c WHERE c.customer_id = o.customer_id AND c.name = 'cart_added'
             AND c.occurred_at < o.occurred_at AND c.occurred_at > o.occurred_at - interval '1 hour')""",
    "a lesson of somebody who does not study": """
        SELECT e.id FROM events e WHERE e.name = 'lesson_finished' AND NOT EXISTS (
          SELECT FROM funnel_events m WHERE m.customer_id = e.customer_id AND m.to_stage = 'studying'
             AND m.created_date <= e.occurred_at)""",
    "an order number given twice": """
        SELECT max(id) FROM events WHERE name = 'order_completed'
         GROUP BY properties ->> 'order_id' HAVING count(*) > 1""",
    "an address that could be somebody's": """
        SELECT id FROM customers WHERE email IS NOT NULL AND email NOT LIKE '%.example'""",
    "a number where a number was declared, and is none": """
        SELECT id FROM customers WHERE jsonb_typeof(attributes -> 'score') <> 'number'""",
    "a boolean that is none": """
        SELECT id FROM customers WHERE jsonb_typeof(attributes -> 'scholarship') <> 'boolean'""",
    "an array that is none": """
        SELECT id FROM customers WHERE jsonb_typeof(attributes -> 'interest') <> 'array'""",
    "a day that is none": r"""
        SELECT id FROM customers WHERE attributes ->> 'intake' !~ '^\d{4}-\d\d-\d\d$'""",
    "a moment that is none": r"""
        SELECT id FROM customers WHERE attributes ->> 'first_visit' !~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$'""",
    "an attribute without a type": """
        SELECT c.id FROM customers c, jsonb_object_keys(attributes) AS held(name)
         WHERE held.name NOT IN (SELECT name FROM attribute_types)""",
    "a change that does not lead to the value of today": """
        SELECT c.id FROM customers c JOIN LATERAL (SELECT new FROM attribute_changes h WHERE h.customer_id = c.id
               AND h.name = 'score' ORDER BY at DESC, id DESC LIMIT 1) last ON last.new <> c.attributes -> 'score'""",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_nowhere_is(filled, broken):
    assert filled(broken, **({"now": NOW} if ":now" in broken else {})) == []


FOUND = {
    "all six types": "SELECT count(DISTINCT field_type) = 6 FROM attribute_types WHERE is_declared",
    "a dozen kinds of behaviour": "SELECT count(DISTINCT name) >= 12 FROM events",
    "people without e-mail": "SELECT count(*) > 10 FROM customers WHERE email IS NULL",
    "people without a zone": "SELECT count(*) > 10 FROM customers WHERE timezone IS NULL",
    "people without a mobile": "SELECT count(*) > 10 FROM customers WHERE mobile IS NULL",
    "people without a last name": "SELECT count(*) > 10 FROM customers WHERE last_name IS NULL",
    "families that share an address": """
        SELECT count(*) > 3 FROM (SELECT 1 FROM customers WHERE email IS NOT NULL
          GROUP BY email, last_name HAVING count(*) > 1) q""",
    "accents": "SELECT count(*) > 50 FROM customers WHERE search_text <> lower(' ' || first_name || ' ' || last_name)",
    "quiet people": """
        SELECT count(*) > 200 FROM customers c WHERE NOT EXISTS (SELECT FROM events WHERE customer_id = c.id)""",
    "busy people": "SELECT max(n) > 200 FROM (SELECT count(*) AS n FROM events GROUP BY customer_id) q",
    "somebody who came ten days in a row": """
        SELECT count(*) > 0 FROM (SELECT customer_id FROM (SELECT DISTINCT customer_id, occurred_at::date AS day
          FROM events WHERE name = 'login') d JOIN customers c ON c.id = d.customer_id
         WHERE day < c.created_date::date + 11 GROUP BY customer_id HAVING count(*) >= 10) q""",
    "carts that were left": """
        SELECT count(*) > 20 FROM events c WHERE name = 'checkout_started' AND NOT EXISTS (SELECT FROM events o
          WHERE o.customer_id = c.customer_id AND o.name = 'order_completed' AND o.occurred_at > c.occurred_at)""",
    "a loan within two days of the check": """
        SELECT count(*) > 5 FROM events k JOIN events l ON l.customer_id = k.customer_id AND l.name = 'loan_requested'
           AND l.occurred_at BETWEEN k.occurred_at AND k.occurred_at + interval '48 hours' WHERE k.name = 'kyc_done'""",
    "graduates": "SELECT count(*) > 10 FROM funnel_events WHERE to_stage = 'graduated'",
}


@pytest.mark.parametrize("wanted", FOUND.values(), ids=FOUND.keys())
def test_somewhere_are(filled, wanted):
    assert filled(wanted) == [(True,)]


def test_ids_go_on_where_the_demo_ends(filled):
    assert filled("SELECT nextval(pg_get_serial_sequence('customers', 'id')) > max(id) FROM customers") == [(True,)]


def test_a_family_is_made_of_the_same_surname():
    made = people.make(PLAN, PLAN.people(0), Chunk(PLAN, 0).dice("people"))
    by_email: dict[str, set[str]] = {}
    for person in made:
        by_email.setdefault(person.email, set()).add(person.last)
    assert any(len(names) == 1 for email, names in by_email.items() if email)
