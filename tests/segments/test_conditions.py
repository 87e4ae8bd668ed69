"""For each comparison and each kind of condition: four customers in, exactly these out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app import spans
from app.catalogue.cart import Cart
from app.catalogue.order import Order
from app.catalogue.product import Product
from app.customers.attributes import AttributeChange
from app.db import db
from app.deliveries.delivery import Delivery
from app.segments import audience
from app.settings.setting import Setting
from tests.factories import NOW, make_attribute, make_customer, make_event, make_move
from tests.segments.making import make_rules, make_segment, put

FOUR = ("Maya", "Jo", "Nia", "Tom")
Facts = dict[str, Any]


def has(**attributes: Any) -> Facts:
    return {"attributes": attributes}


def did(*events: tuple[Any, ...]) -> Facts:
    """(name, how long ago, properties)"""
    return {"did": events}


def bought(*orders: tuple[Any, ...]) -> Facts:
    """(total, how long ago, facts)"""
    return {"bought": orders}


def back(refunded_total: int) -> Facts:
    return {"status": "refunded", "refunded_total": refunded_total}


def got(*mails: dict[str, str]) -> Facts:
    """How long ago what came of each."""
    return {"got": mails}


def moved(*moves: tuple[str | None, str, str]) -> Facts:
    """(from, to, how long ago)"""
    return {"moved": moves}


def attribute(op: str, value: Any = None, name: str = "score") -> dict[str, Any]:
    return {"attribute": name, "op": op} | ({} if value is None else {"value": value})


def field(name: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": name, "op": op} | ({} if value is None else {"value": value})


SCORES = (has(score=59), has(score=60), has(score=61.5), {})
CITIES = (has(city="Berlin"), has(city="berlin"), has(city="West Berlin"), {})
LISTS = (has(tags=["data", "sound"]), has(tags=["sound"]), has(tags=[]), {})
DAYS = (has(intake="2026-10-21"), has(intake="2026-10-22"), has(intake="2026-10-23"), {})
TIMES = (
    has(seen="2026-10-21T21:59:59+00:00"),  # just before midnight in Berlin
    has(seen="2026-10-21T22:00:00+00:00"),
    has(seen="2026-10-22T21:59:59.500000+00:00"),
    has(seen="2026-10-22T22:00:00+00:00"),
)
NAMES = (
    {"email": "Maya@Posteo.example"},
    {"email": "jo@gmx.example"},
    {"email": None},
    {"email": "tom@posteo.example"},
)
SIGN_UPS = tuple({"created_date": NOW - spans.duration(ago).length} for ago in ("15m", "24h", "25h", "3d"))
LOGINS = (did(("login", "1h")), did(("login", "1h"), ("login", "2d"), ("login", "3d")), did(("login", "40d")), {})
PAID = (
    did(("paid", "9d", {"total": 10}), ("paid", "2d", {"total": 50})),
    did(("paid", "9d", {"total": 50}), ("paid", "2d", {"total": 10})),
    did(("paid", "2d", {"total": "50"})),
    {},
)
STAGES = (
    moved((None, "applied", "9d")),
    moved((None, "applied", "9d"), ("applied", "enrolled", "2d")),
    moved((None, "applied", "2d")),
    {},
)
ORDERS = (
    bought((100, "2d"), (100, "40d")),
    bought((200, "2d", back(150)), (70, "2d", back(70))),
    bought((900, "2d", {"status": "cancelled"})),
    {},
)  # fmt: skip
BASKETS = (
    bought((100, "2d", {"items": [{"product_id": "b", "price": 40}, {"product_id": "t", "price": 60}]})),
    bought((100, "2d", {"items": [{"product_id": "t", "price": 50, "quantity": 2}]})),
    bought((100, "2d", {"items": [{"product_id": "b", "price": 50, "quantity": 2}], "refunded_total": 50})),
    {},
)
ITEM = [{"product_id": "b", "quantity": 1}]
CARTS = ({"cart": ("25h", ITEM)}, {"cart": ("23h", ITEM)}, {"cart": ("25h", [])}, {})
INTERESTS = (has(interest="Festivals"), has(interest=["sound", "FESTIVALS"]), has(interest=["festival"]), {})
CHECKOUTS = (
    did(("checkout", "3d")),
    did(("checkout", "3d"), ("order", "50h")),
    did(("checkout", "3d"), ("order", "47h")),
    did(("checkout", "2h")),
)
AGAIN = (
    did(("order", "30d"), ("order", "23d")),  # to the moment
    did(("order", "30d"), ("order", "20d"), ("order", "19d")),
    did(("order", "30d")),
    {},
)
STEPS = (
    did(("kyc", "5d"), ("loan", "4d")),
    did(("loan", "5d"), ("kyc", "4d")),
    did(("kyc", "9d"), ("loan", "4d")),
    did(("kyc", "4d"), ("loan", "4d")),  # at the same moment
)
MAILS = (
    got({"accepted_at": "3d", "opened_at": "3d", "clicked_at": "3d", "converted_at": "1d"}),
    got({"accepted_at": "9d", "opened_at": "9d"}, {"accepted_at": "3d", "opened_at": "1d"}),
    got({"accepted_at": "3d", "machine_opened_at": "3d", "machine_clicked_at": "3d"}),
    {},
)
CHANGES = ({"changed": (("score", "2d"),)}, {"changed": (("score", "9d"),)}, {"changed": (("city", "2d"),)}, {})
BERLIN = {"from": "2026-10-22", "to": "2026-10-22"}

CASES: list[tuple[dict[str, Any], tuple[Facts, ...], str]] = [
    # Numbers.
    (attribute("at_least", 60), SCORES, "Jo Nia"),
    (attribute("at_most", 60), SCORES, "Maya Jo"),
    (attribute("between", [60, 61]), SCORES, "Jo"),
    (attribute("equals", 60), SCORES, "Jo"),
    (attribute("equals", 61.5), SCORES, "Nia"),
    (attribute("not_equals", 60), SCORES, "Maya Nia Tom"),
    (attribute("in", [59, 60]), SCORES, "Maya Jo"),
    (attribute("not_in", [59, 60]), SCORES, "Nia Tom"),
    (attribute("exists"), SCORES, "Maya Jo Nia"),
    (attribute("not_exists"), SCORES, "Tom"),
    (attribute("changed_within", "7d"), CHANGES, "Maya"),
    # Texts: exactly as they are written.
    (attribute("equals", "Berlin", "city"), CITIES, "Maya"),
    (attribute("not_equals", "Berlin", "city"), CITIES, "Jo Nia Tom"),
    (attribute("in", ["Berlin", "berlin"], "city"), CITIES, "Maya Jo"),
    (attribute("contains", "Berlin", "city"), CITIES, "Maya Nia"),
    (attribute("starts_with", "West", "city"), CITIES, "Nia"),
    (attribute("ends_with", "erlin", "city"), CITIES, "Maya Jo Nia"),
    (attribute("ends_with", "%", "city"), CITIES, ""),
    # Lists.
    (attribute("contains", "sound", "tags"), LISTS, "Maya Jo"),
    (attribute("contains_any", ["data", "law"], "tags"), LISTS, "Maya"),
    (attribute("contains_all", ["data", "sound"], "tags"), LISTS, "Maya"),
    (attribute("exists", None, "tags"), LISTS, "Maya Jo Nia"),
    # Yes and no.
    (attribute("equals", True, "paid"), (has(paid=True), has(paid=False), {}, {}), "Maya"),
    (attribute("not_equals", True, "paid"), (has(paid=True), has(paid=False), {}, {}), "Jo Nia Tom"),
    # Days, and times of a day of the team's zone.
    (attribute("equals", "2026-10-22", "intake"), DAYS, "Jo"),
    (attribute("before", "2026-10-22", "intake"), DAYS, "Maya"),
    (attribute("after", "2026-10-22", "intake"), DAYS, "Nia"),
    (attribute("at_least", "2026-10-22", "intake"), DAYS, "Jo Nia"),
    (attribute("at_most", "2026-10-22", "intake"), DAYS, "Maya Jo"),
    (attribute("between", ["2026-10-21", "2026-10-22"], "intake"), DAYS, "Maya Jo"),
    (attribute("within_last", "24h", "intake"), DAYS, "Jo"),
    (attribute("not_within_last", "24h", "intake"), DAYS, "Maya Nia"),
    (attribute("equals", "2026-10-22", "seen"), TIMES, "Jo Nia"),
    (attribute("before", "2026-10-22", "seen"), TIMES, "Maya"),
    (attribute("after", "2026-10-22", "seen"), TIMES, "Tom"),
    (attribute("at_most", "2026-10-22", "seen"), TIMES, "Maya Jo Nia"),
    (attribute("equals", "2026-10-22T00:00:00", "seen"), TIMES, "Jo"),
    (attribute("after", "2026-10-21T22:00:00Z", "seen"), TIMES, "Nia Tom"),
    # Columns: e-mail without regard to capitals.
    (field("email", "equals", "MAYA@posteo.example"), NAMES, "Maya"),
    (field("email", "ends_with", "@POSTEO.example"), NAMES, "Maya Tom"),
    (field("email", "not_in", ["maya@posteo.example", "jo@gmx.example"]), NAMES, "Nia Tom"),
    (field("email", "not_exists"), NAMES, "Nia"),
    (field("first_name", "equals", "maya"), NAMES, ""),
    (field("first_name", "starts_with", "M"), NAMES, "Maya"),
    (field("created_date", "within_last", "24h"), SIGN_UPS, "Maya Jo"),
    (field("created_date", "not_within_last", "24h"), SIGN_UPS, "Nia Tom"),
    (field("created_date", "at_least", "2026-10-22"), SIGN_UPS, "Maya"),
    (field("created_date", "between", ["2026-10-21", "2026-10-21"]), SIGN_UPS, "Jo Nia"),
    # Events.
    ({"event": "login"}, LOGINS, "Maya Jo Nia"),
    ({"event": "login", "within": {"last": "30d"}}, LOGINS, "Maya Jo"),
    ({"event": "login", "within": BERLIN}, LOGINS, "Maya Jo"),
    ({"event": "login", "within": {"to": "2026-10-21"}}, LOGINS, "Jo Nia"),
    ({"event": "login", "times": {"at_least": 3}, "within": {"last": "30d"}}, LOGINS, "Jo"),
    ({"event": "login", "times": {"at_most": 1}, "within": {"last": "30d"}}, LOGINS, "Maya Nia Tom"),
    ({"event": "login", "times": {"exactly": 1}}, LOGINS, "Maya Nia"),
    ({"event": "login", "times": {"exactly": 0}, "within": {"last": "30d"}}, LOGINS, "Nia Tom"),
    ({"event": "login", "times": {"at_least": 0}}, LOGINS, "Maya Jo Nia Tom"),
    ({"event": "paid", "where": [{"property": "total", "op": "at_least", "value": 50}]}, PAID, "Maya Jo"),
    ({"event": "paid", "where": [{"property": "total", "value": "50"}]}, PAID, "Nia"),
    ({"last": {"event": "paid"}, "where": [{"property": "total", "op": "at_least", "value": 50}]}, PAID, "Maya"),
    ({"nth": {"event": "order", "n": 2}, "within": "7d", "of_n": 1}, AGAIN, "Maya"),
    ({"nth": {"event": "order", "n": 3}, "within": "7d", "of_n": 2}, AGAIN, "Jo"),
    ({"sequence": ["kyc", "loan"], "within": "48h"}, STEPS, "Maya"),
    ({"event": "checkout", "not_followed_by": "order", "for": "24h"}, CHECKOUTS, "Maya Nia"),
    ({"event": "checkout", "not_followed_by": "order"}, CHECKOUTS, "Maya Tom"),
    # Funnels.
    ({"funnel": "sales", "in_stage": "applied"}, STAGES, "Maya Nia"),
    ({"funnel": "sales", "in_stage": "applied", "for": "7d"}, STAGES, "Maya"),
    ({"funnel": "sales", "from": "applied", "to": "enrolled"}, STAGES, "Jo"),
    ({"funnel": "sales", "to": "applied", "within": {"last": "7d"}}, STAGES, "Nia"),
    # What they bought and kept.
    ({"orders": "spent", "op": "at_least", "value": 50}, ORDERS, "Maya Jo"),
    ({"orders": "spent", "op": "equals", "value": 50}, ORDERS, "Jo"),
    ({"orders": "spent", "op": "at_most", "value": 100, "within": {"last": "30d"}}, ORDERS, "Maya Jo Nia Tom"),
    ({"orders": "count", "op": "equals", "value": 0}, ORDERS, "Nia Tom"),
    ({"orders": "count", "op": "between", "value": [1, 2]}, ORDERS, "Maya Jo"),
    ({"orders": "count", "op": "at_least", "value": 1, "category": "books"}, BASKETS, "Maya Nia"),
    ({"orders": "spent", "op": "between", "value": [40, 50], "category": "books"}, BASKETS, "Maya Nia"),
    ({"cart": "idle", "for": "24h"}, CARTS, "Maya"),
    ({"interest": "festivals"}, INTERESTS, "Maya Jo"),
    # Our mails: Maya clicked one of three days ago, Jo opened two, a machine opened Nia's.
    ({"mail": "sent"}, MAILS, "Maya Jo Nia"),
    ({"mail": "opened"}, MAILS, "Maya Jo"),
    ({"mail": "clicked"}, MAILS, "Maya"),
    ({"mail": "converted"}, MAILS, "Maya"),
    ({"mail": "clicked", "times": {"exactly": 0}}, MAILS, "Jo Nia Tom"),
    ({"mail": "opened", "times": {"at_least": 2}}, MAILS, "Jo"),
    ({"mail": "opened", "times": {"at_most": 1}}, MAILS, "Maya Nia Tom"),
    ({"mail": "opened", "within": {"last": "2d"}}, MAILS, "Jo"),
    ({"mail": "sent", "within": {"last": "2d"}}, MAILS, ""),
    # Groups.
    ({"all": [attribute("at_least", 60), attribute("at_most", 60)]}, SCORES, "Jo"),
    ({"any": [attribute("equals", 59), attribute("not_exists")]}, SCORES, "Maya Tom"),
    ({"none": [attribute("equals", 59), attribute("not_exists")]}, SCORES, "Jo Nia"),
    ({"all": [{"event": "login"}, {"none": [{"event": "login", "within": {"last": "30d"}}]}]}, LOGINS, "Nia"),
    ({"none": [{"event": "login"}, {"field": "first_name", "op": "equals", "value": "Tom"}]}, LOGINS, ""),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _berlin(app):
    db.session.add(Setting(name="team", value={"timezone": "Europe/Berlin"}))
    for name, kind in (("score", "numeric"), ("city", "string"), ("tags", "array"), ("paid", "boolean")):
        make_attribute(name, kind)
    make_attribute("intake", "date")
    make_attribute("seen", "timestamp")


@pytest.mark.parametrize(("rule", "four", "chosen"), CASES, ids=[f"{n} {case[0]}"[:90] for n, case in enumerate(CASES)])
def test_of_four_customers_exactly_these(rule, four, chosen):
    make_four(*four)
    assert names_in(rule) == chosen


def test_permission_to_write_about_a_topic():
    make_four(*({"email": f"{name}@posteo.example"} for name in ("maya", "jo", "nia")), {})
    refuse("Maya", "newsletter")
    refuse("Jo", "marketing")
    assert names_in({"consent": "newsletter"}) == "Nia"
    assert names_in({"consent": "newsletter", "is": "not_given"}) == "Maya Jo Tom"
    assert names_in({"consent": "price_drop"}) == "Maya Nia"


def test_a_segment_within_a_segment():
    people = make_four(*SCORES)
    listed, ruled = make_segment("By hand"), make_rules("By rules", attribute("at_least", 60))
    put(listed, people[0], people[1])
    assert names_in({"segment": listed.id}) == "Maya Jo"
    assert names_in({"all": [{"segment": listed.id}, {"none": [{"segment": ruled.id}]}]}) == "Maya"


def test_since_the_last_run_is_since_ever_before_there_was_one():
    make_four(*LOGINS)
    segment = make_rules("Since", {"event": "login", "within": {"since": "last_run"}})
    assert names_of(audience.of(segment, NOW)) == "Maya Jo Nia"
    assert names_of(audience.of(segment, NOW, NOW - timedelta(days=1))) == "Maya Jo"


def test_whoever_was_erased_is_in_nothing():
    for person in make_four(*({**one, "erased_at": NOW} for one in SCORES)):
        make_event(person)
    for rule in (
        attribute("at_least", 0),
        attribute("not_equals", 60),
        {"any": [attribute("at_least", 0), attribute("not_exists")]},
        {"event": "login"},
        {"none": [{"event": "logout"}]},
        {"any": [{"event": "login"}, attribute("at_least", 0)]},
    ):
        assert names_in(rule) == "", rule


@pytest.mark.parametrize(("zone", "midnight"), [
    ("Europe/Berlin", "2026-10-24T22:00:00+00:00"),
    ("America/New_York", "2026-11-01T04:00:00+00:00"),
    ("America/Havana", "2026-11-01T04:00:00+00:00"),  # it is midnight twice
    ("America/Havana", "2026-03-08T05:00:00+00:00"),  # it is midnight never
    ("Asia/Kolkata", "2026-10-21T18:30:00+00:00"),
])  # fmt: skip
def test_a_streak_is_of_the_days_that_the_team_lives_in(zone, midnight):
    start = datetime.fromisoformat(midnight)
    db.session.merge(Setting(name="team", value={"timezone": zone}))
    hair = timedelta(microseconds=1)
    four = make_four(*[{"created_date": start - hair}] * 4)
    logins = (
        (start - hair, start),  # the day before midnight, and the one after
        (start, start + timedelta(hours=20)),
        (start - timedelta(hours=5), start - hair),
        (start - timedelta(hours=5), start + timedelta(hours=1, minutes=30)),
    )
    for person, moments in zip(four, logins, strict=True):
        for at in moments:
            make_event(person, "login", at)
    assert names_in({"streak": "login", "days": 2, "starting": "signup"}) == "Maya Tom"
    assert names_in({"streak": "login", "days": 2, "starting": "any"}) == "Maya Tom"
    assert names_in({"streak": "login", "days": 1, "starting": "signup"}) == "Maya Nia Tom"


def names_in(rule):
    return names_of(audience.of_rules(rule, NOW))


def names_of(found):
    ids = set(db.session.scalars(text(found.sql), found.said))
    rows = db.session.execute(text("SELECT id, first_name FROM customers ORDER BY id")).all()
    return " ".join(row.first_name for row in rows if row.id in ids)


def refuse(first_name, topic):
    db.session.execute(
        text(
            "INSERT INTO customer_standings (customer_id, topic_id, any_at, any_given)"
            " SELECT c.id, t.id, now(), false FROM customers c, topics t WHERE c.first_name = :name AND t.slug = :topic"
        ),
        {"name": first_name, "topic": topic},
    )


def make_four(*four):
    return [_make(name, **facts) for name, facts in zip(FOUR, four, strict=True)]


def _make(name, did=(), moved=(), bought=(), cart=None, changed=(), got=(), **columns):
    person = make_customer(name, **columns)
    for run_id, came in enumerate(got, start=1):
        moments = {name: _before(ago) for name, ago in came.items()}
        _add(Delivery, person, run_id=run_id, state="accepted", **moments)
    for event, ago, *properties in did:
        make_event(person, event, _before(ago), **(properties[0] if properties else {}))
    for start, end, ago in moved:
        make_move(person, end, start, _before(ago))
    for attribute_, ago in changed:
        _add(AttributeChange, person, name=attribute_, at=_before(ago), source="test")
    if bought and not db.session.query(Product).first():
        db.session.add_all([Product(product_id="b", category="books"), Product(product_id="t", category="tickets")])
    for number, (total, ago, *facts) in enumerate(bought):
        said = {"status": "paid", "refunded_total": 0, **(facts[0] if facts else {})}
        _add(Order, person, order_id=f"{name}{number}", total=total, currency="EUR", occurred_at=_before(ago), **said)
    if cart:
        _add(Cart, person, occurred_at=_before(cart[0]), items=cart[1])
    return person


def _add(model, person, **facts):
    db.session.add(model(customer_id=person.id, **facts))
    db.session.commit()


def _before(ago):
    return NOW - spans.duration(ago).length
