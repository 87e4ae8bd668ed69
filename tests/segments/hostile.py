"""Functions as nobody should write them, and one as somebody would add it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import delete, literal, select, text

from app.customers.customer import Customer
from app.db import db
from app.segments.functions import arguments as ask
from app.segments.functions.registry import segment_function
from app.spans import Duration


@segment_function("called", label="By their first name", arguments=[ask.text("first_name", "First name")])
def called(first_name):
    """Whoever is called so."""
    return select(Customer.id).where(Customer.first_name == first_name)


@segment_function(
    "everything",
    label="Asks for everything",
    arguments=[
        ask.integer("whole", "Whole", least=1, most=1000),
        ask.number("part", "Part", least=0),
        ask.text("word", "Word", most=5),
        ask.duration("span", "Span"),
        ask.day("day", "Day"),
        ask.yes_or_no("sure", "Sure"),
        ask.choice("size", "Size", [("s", "Small"), ("l", "Large")], default="l"),
        ask.topic("topic", "Topic", may_be_absent=True),
    ],
)
def everything(whole, part, word, span, day, sure, size, topic):  # noqa: PLR0917
    assert (type(span), type(day)) == (Duration, date)
    return [whole, int(part), span.count, day.year, int(sure), len(size + (topic or ""))]


@segment_function("given", label="Is given the moment and the zone")
def given(now: datetime, zone: ZoneInfo):
    return [int(now.timestamp()), len(zone.key)]


@segment_function("odd", label="Odd ids")
def odd():
    return [7, 7, None, "7", True, 1.5, Decimal(7), 2**70, -(2**63), -1]


@segment_function("many", label="So many", arguments=[ask.integer("n", "N")])
def many(n):
    return range(1, n + 1)


@segment_function("series", label="So many of the database", arguments=[ask.integer("n", "N")])
def series(n):
    return text(f"SELECT * FROM generate_series(1, {n})")


@segment_function("sleeps", label="Sleeps")
def sleeps():
    time.sleep(60)
    return []


@segment_function("spins", label="Never ends, and listens to nobody")
def spins():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGXCPU):
        signal.signal(number, signal.SIG_IGN)
    while True:
        pass


@segment_function("dreams", label="Sleeps in the database")
def dreams():
    return text("SELECT 1 FROM pg_sleep(60)")


@segment_function("eats", label="Eats memory")
def eats():
    return bytearray(8 * 2**30)


@segment_function("nibbles", label="Eats memory in small bites")
def nibbles():
    return [bytearray(2**20) for _ in range(10_000)]


@segment_function("drowns", label="Selects more than can be held")
def drowns():
    return text("SELECT repeat('x', 1000000) FROM generate_series(1, 10000)")


@segment_function("raises", label="Raises")
def raises():
    yield 1
    raise LookupError("maya@posteo.example is not to be quoted")


@segment_function("prints", label="Prints")
def prints():
    print("maya@posteo.example")  # noqa: T201
    print("maya@posteo.example", file=sys.stderr)  # noqa: T201
    os.write(1, b"maya@posteo.example")
    return [1]


@segment_function("says", label="Says no ids", arguments=[ask.text("what", "What")])
def says(what):
    answers = {
        "nothing": None,
        "a word": "123",
        "a number": 7,
        "two columns": select(Customer.id, Customer.email),
        "nonsense": text("SELECT nonsense"),
    }
    return answers[what]


@segment_function("writes", label="Writes")
def writes():
    db.session.execute(delete(Customer))
    db.session.commit()
    return [1]


@segment_function("deletes", label="Answers what writes")
def deletes():
    return delete(Customer).returning(Customer.id)


@segment_function("vanishes", label="Ends itself", arguments=[ask.integer("code", "Code")])
def vanishes(code):
    os._exit(code)


@segment_function("quits", label="Quits")
def quits():
    sys.exit(0)


@segment_function("breeds", label="Leaves somebody behind", arguments=[ask.yes_or_no("apart", "Apart")])
def breeds(apart):
    child = subprocess.Popen(["/bin/sleep", "300"], start_new_session=apart)
    return [child.pid]


@segment_function("splits", label="Both halves answer")
def splits():
    pid = os.fork()
    if pid == 0:
        time.sleep(300)
    return [pid]


@segment_function("one", label="One from the database")
def one():
    return select(literal(None))
