"""Settings → Conversions: the rule and the cost of a mail are chosen, and everything is counted again."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.db import db
from app.settings import conversions
from app.settings.conversions import Conversions
from app.tracking.credit_work import Recount
from tests.factories import make_customer

HERE = "/settings/conversions"


@pytest.fixture
def browser(client_of, admin):
    return client_of(admin)


def written(**changes: str) -> dict[str, str]:
    return {"rule": "last_click", "cost": "", "currency": "", "version": "0"} | changes


def said(answer) -> str:
    return answer.get_data(as_text=True)


def slices() -> int:
    return db.session.scalar(select(func.count()).select_from(Recount))


def test_another_rule_counts_everything_again_and_a_cost_does_not(browser):
    make_customer()
    assert browser.post(HERE, data=written(cost="0,04", currency="eur")).status_code == 303
    assert conversions.read() == Conversions(cost=0.04, currency="EUR")
    assert slices() == 0
    assert browser.post(HERE, data=written(rule="last_send", version="1")).status_code == 303
    assert (conversions.read(), slices()) == (Conversions(rule="last_send"), 1)
    assert "1 slice of 250 customers left" in said(browser.get(HERE, headers={"HX-Request": "true"}))


def test_what_is_no_rule_cost_or_currency_is_refused_and_stays_in_the_form(browser):
    answer = browser.post(HERE, data=written(rule="mine", cost="much", currency="Euro"))
    page = said(answer)
    assert answer.status_code == 422
    assert all(one in page for one in ('value="much"', 'value="Euro"', "Choose one of the rules", "Three letters"))
    assert browser.post(HERE, data=written(cost="nan", currency="EUR")).status_code == 422
    assert conversions.read() == Conversions()


def test_who_saves_over_somebody_else_is_told(browser):
    browser.post(HERE, data=written(cost="1", currency="EUR"))
    late = browser.post(HERE, data=written(cost="2", currency="EUR"))
    assert (late.status_code, conversions.read().cost) == (422, 1)
    assert "Somebody else saved" in said(late)


def test_it_is_counted_again_on_demand(browser):
    make_customer()
    browser.get(HERE)
    assert browser.post(f"{HERE}/recounts").status_code == 303
    assert slices() == 1


def test_it_is_for_admins(client_of, marketer):
    assert client_of(marketer).get(HERE).status_code == 403
    assert client_of(marketer).post(HERE, data=written()).status_code == 403
    assert client_of(marketer).post(f"{HERE}/recounts").status_code == 403
