"""The room of the pools: made, changed, filled, counted, and kept from under who uses them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.audit import Entry
from app.audit.actor import COMMAND_LINE
from app.catalogue import code_lists, codes, discounts
from app.catalogue.code_lists import TakesNone
from app.catalogue.discount import DiscountCode
from app.catalogue.discounts import Changed, Used, Wanted
from app.db import db
from tests.automations.making import make_automation
from tests.discounts.pools import add, free, make_coded_run, make_pool, numbered
from tests.factories import NOW, make_customer


def problems(**said) -> dict[str, str]:
    return discounts.problems(Wanted(**{"name": "Autumn", "kind": "uploaded", **said}))


def test_a_pool_is_made_and_the_trail_does_not_say_its_code(app):
    pool = make_pool("Cart", "fixed", code="CART10")
    entry = db.session.scalars(select(Entry).where(Entry.subject_type == "discount pool")).one()
    assert (entry.verb, entry.subject_name, entry.after["code"]) == ("created", "Cart", "CART…")
    assert discounts.left(pool) is None


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\x07b"}, "name"),
        ({"kind": "magic"}, "kind"),
        ({"kind": "fixed"}, "code"),
        ({"kind": "fixed", "code": "x" * 201}, "code"),
        ({"kind": "fixed", "code": "a\tb"}, "code"),
        ({"kind": "generated", "prefix": "A B"}, "prefix"),
        ({"kind": "generated", "prefix": "x" * 41}, "prefix"),
        ({"amount": "x" * 61}, "amount"),
        ({"warn_below": -1}, "warn_below"),
        ({"warn_below": 1_000_001}, "warn_below"),
    ],
)
def test_what_makes_no_pool_is_explained(app, said, field):
    assert list(problems(**said)) == [field]


def test_two_pools_have_two_names(app):
    pool = make_pool("Autumn")
    assert "another pool" in problems(name="autumn")["name"]
    assert discounts.problems(Wanted("AUTUMN", "uploaded"), pool) == {}


def test_a_pool_is_changed_once_and_keeps_its_kind(app):
    pool = make_pool("Autumn", "generated", prefix="A-")
    discounts.change(pool, Wanted("Winter", "fixed", "X", "W-", "5 €", 7), 1, NOW, COMMAND_LINE)
    db.session.commit()
    assert (pool.name, pool.kind, pool.code, pool.prefix, pool.amount, pool.version) == (
        "Winter", "generated", None, "W-", "5 €", 2,
    )  # fmt: skip
    with pytest.raises(Changed):
        discounts.change(pool, Wanted("Late", "generated"), 1, NOW, COMMAND_LINE)


def test_codes_are_added_in_their_order_and_each_is_accounted_for(app):
    pool = make_pool(codes=["B", "A"])
    added = add(pool, ["C", "A", "D", "C", "", "x" * 201, "bad\x00one", "bad\u200bone"])
    assert (added.received, added.added, added.there, added.repeated) == (8, 2, 1, 1)
    assert [one.place for one in added.refused] == [5, 6, 7, 8]
    rows = db.session.scalars(select(DiscountCode.code).order_by(DiscountCode.id))
    assert list(rows) == ["B", "A", "C", "D"]
    assert (discounts.left(pool), discounts.left_said(pool)) == (4, "4 left")


def test_the_same_list_again_changes_nothing(app):
    pool = make_pool(codes=numbered(50))
    again = add(pool, numbered(50))
    assert (again.added, again.there, free(pool)) == (0, 50, 50)


def test_two_pools_may_hold_the_same_code(app):
    assert add(make_pool("One"), ["SAME"]).added == 1
    assert add(make_pool("Two"), ["SAME"]).added == 1


@pytest.mark.parametrize("kind", ["fixed", "generated"])
def test_nothing_is_put_into_a_pool_that_makes_its_own(app, kind):
    with pytest.raises(TakesNone):
        code_lists.add(make_pool(kind=kind), ["A"], COMMAND_LINE)


def test_pasted_codes_stand_on_lines_or_between_commas():
    assert list(code_lists.lines("A\r\n B ,C;D\tE\n\n")) == ["A", "B", "C", "D", "E"]


@pytest.mark.parametrize(
    "written",
    [
        b"code;worth\r\nA;10\r\nB;20\r\n",
        b"A\nB\n",
        '\ufeff"A","x"\n"B","y"'.encode(),
        "Code\nA\nB".encode("utf-16"),
        b"\n\nA\n\nB\n",
    ],
)
def test_of_a_file_the_first_column_counts(written):
    assert list(code_lists.cells(written)) == ["A", "B"]


def test_a_file_in_the_letters_of_windows_is_read():
    assert list(code_lists.cells("GRÜN10".encode("cp1252"))) == ["GRÜN10"]


def test_a_pool_that_an_automation_uses_stays_and_names_it(app):
    pool = make_pool()
    make_automation("Invitation", discount_pool_id=pool.id)
    with pytest.raises(Used) as used:
        discounts.delete(pool, COMMAND_LINE)
    assert [(one.kind, one.name) for one in used.value.by] == [("automation", "Invitation")]


def test_a_pool_of_a_run_stays_until_that_is_over(app):
    make_customer(email="maya@posteo.example")
    pool = make_pool()
    run = make_coded_run(pool)
    with pytest.raises(Used) as used:
        discounts.delete(pool, COMMAND_LINE)
    assert [(one.kind, one.id) for one in used.value.by] == [("run", run.id)]
    run.state = "finished"
    db.session.commit()
    discounts.delete(pool, COMMAND_LINE)
    db.session.commit()
    db.session.expire_all()
    assert run.discount_pool_id is None


def test_a_made_code_can_be_read_aloud():
    made = codes.new("AUTUMN-")
    assert made.startswith("AUTUMN-")
    assert len(made) == 15
    assert not set(made.removeprefix("AUTUMN-")) & set("01OI")
    assert len(codes.ALPHABET) == 32


@pytest.mark.parametrize(("code", "said"), [("CART10", "CART…"), ("AUTUMN-1234", "AUTU…"), ("X10", "X…"), ("X", "…")])
def test_a_masked_code_says_how_it_begins(code, said):
    assert codes.masked(code) == said


def test_a_code_that_is_there_already_is_not_made_again(app, monkeypatch):
    pool = make_pool(kind="generated")
    made = iter(["AAAA", "BBBB", "AAAA", "CCCC"])
    monkeypatch.setattr(codes, "new", lambda _prefix: next(made))
    first = codes.take(pool, {1: 10, 2: 20}, NOW)
    assert first == {1: "AAAA", 2: "BBBB"}
    assert codes.take(pool, {3: 30}, NOW) == {3: "CCCC"}
    assert codes.take(pool, {1: 10}, NOW) == {1: "AAAA"}


def test_a_code_that_came_back_is_given_before_another_is_made(app):
    pool = make_pool(kind="generated")
    first = codes.take(pool, {1: 10}, NOW)[1]
    codes.give_back([1])
    assert codes.take(pool, {2: 20}, NOW) == {2: first}
