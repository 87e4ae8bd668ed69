"""/segments/new: made in four ways, refused with a sentence."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from app.db import db
from app.segments.segment import Segment
from tests.factories import make_customer, make_customers
from tests.segments.making import (
    HERE,
    HTMX,
    MAYA_ONLY,
    page_of,
    send,
    the_only,
    verbs,
)


@pytest.fixture
def browser(client_of, editor):
    return client_of(editor)


def test_a_segment_of_rules_is_made_counted_and_shown_as_a_sentence(browser):
    make_customer()
    make_customer("Tom")
    answer = send(browser, "rules", rules=json.dumps(MAYA_ONLY))
    assert answer.status_code == 303
    segment = the_only()
    assert (segment.size, segment.version, segment.changed_by) == (1, 1, "Eda")
    assert verbs() == ["created"]
    page = page_of(browser.get(f"{HERE}/{segment.id}"))
    assert "<mark>Maya</mark>" in page
    assert "made it" in page


def test_a_list_is_made_and_leads_to_its_people(browser):
    answer = send(browser, "manual")
    assert answer.headers["Location"].endswith(f"/segments/{the_only().id}/people/new")
    assert the_only().size == 0


def test_a_segment_of_sql_is_made_and_says_what_was_left_out(browser):
    first, second = make_customers(2)
    values = f"SELECT * FROM (VALUES ({first.id}), ({first.id}), ({second.id}), (NULL), (999)) AS v(id)"
    assert send(browser, "sql", selection_sql=values).status_code == 303
    segment = the_only()
    assert segment.size == 2
    now = page_of(browser.get(f"{HERE}/{segment.id}/size", headers=HTMX))
    assert "1 repetition, 1 empty value, 1 value that is no customer" in now
    assert "VALUES" in page_of(browser.get(f"{HERE}/{segment.id}"))


def test_a_segment_of_a_function_is_made_from_its_form(browser):
    make_customers(3)
    assert "random_percent" in page_of(browser.get(f"{HERE}/new?type=function"))
    form = page_of(browser.get(f"{HERE}/new?type=function&handler_function=random_percent"))
    assert 'name="arguments.percent"' in form
    typed = {"handler_function": "random_percent", "arguments.percent": "100", "arguments.salt": "a"}
    assert "3 customers" in page_of(browser.post(f"{HERE}/function/size", data=typed, headers=HTMX))
    assert send(browser, "function", **typed).status_code == 303
    assert the_only().arguments == {"percent": 100, "salt": "a"}
    assert the_only().size == 3
    assert "Percent 100" in page_of(browser.get(f"{HERE}/{the_only().id}"))


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"type": "manual", "name": " "}, "It is needed."),
        ({"type": "manual", "name": "x" * 201}, 'id="name-bad"'),
        ({"type": "manual", "name": "a", "description": "x" * 2001}, 'id="description-bad"'),
        ({"type": "nothing", "name": "a"}, "Choose one of the four kinds"),
        ({"type": "rules", "name": "a", "rules": ""}, "There is no condition yet"),
        ({"type": "rules", "name": "a", "rules": "{"}, "This is no JSON"),
        ({"type": "rules", "name": "a", "rules": "[" * 100_000}, "needs another look"),
        ({"type": "rules", "name": "a", "rules": '{"all": []}'}, "at least one rule"),
        ({"type": "rules", "name": "a", "rules": '{"wish": 1}'}, "No condition is known"),
        ({"type": "rules", "name": "a", "rules": '{"segment": 77}'}, "There is no segment 77"),
        ({"type": "sql", "name": "a", "selection_sql": " "}, 'id="selection_sql-bad"'),
        ({"type": "sql", "name": "a", "selection_sql": "DELETE FROM customers"}, "Nothing was saved"),
        ({"type": "sql", "name": "a", "selection_sql": "SELECT 'x'"}, "It has to be the id"),
        ({"type": "function", "name": "a", "handler_function": "nothing"}, "There is no function"),
        ({"type": "function", "name": "a", "handler_function": "random_percent"}, 'id="arguments.percent-bad"'),
        (
            {"type": "function", "name": "a", "handler_function": "random_percent", "arguments.percent": "lots"},
            "lots",
        ),
    ],
)
def test_nonsense_is_refused_with_a_sentence_and_nothing_is_saved(browser, sent, said):
    answer = browser.post(HERE, data=sent)
    assert answer.status_code == 422
    assert said in page_of(answer)
    assert db.session.scalar(select(Segment.id)) is None


def test_faulty_sql_is_told_with_its_line_and_a_sign_below_it(browser):
    answer = send(browser, "sql", selection_sql="SELECT id\r\nFROM customers\r\nWHERE emial = 'x'")
    page = page_of(answer)
    assert answer.status_code == 422
    assert "Line 3, column 7." in page
    assert "Did you mean “email”?" in page
    assert "      ^</span>" in page
    assert "WHERE emial = &#39;x&#39;</textarea>" in page


def test_sql_is_put_into_shape_and_its_first_rows_are_shown(browser):
    make_customer(email="maya@mail.example")
    typed = {"selection_sql": "select id, email, null as <b> from customers".replace("<b>", '"<b>"')}
    shaped = page_of(browser.post(f"{HERE}/sql/format", data=typed, headers=HTMX))
    assert "SELECT\n" in shaped
    assert "<html" not in shaped
    tried = page_of(browser.post(f"{HERE}/sql/rows", data=typed, headers=HTMX))
    for word in ("maya@mail.example", "1 customer", "NULL", "&lt;b&gt;"):
        assert word in tried
    answer = browser.post(f"{HERE}/sql/rows", data={"selection_sql": "SELECT"}, headers=HTMX)
    assert answer.status_code == 422
    whole = browser.post(f"{HERE}/sql/rows", data={**typed, "name": "Kept words"})
    assert "Kept words" in page_of(whole)
    assert "maya@mail.example" in page_of(whole)
