"""Settings → Brakes: each limit is changed or switched off, and nonsense is refused."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.audit import Entry
from app.db import db
from app.settings import brakes
from app.settings.brakes import Brakes

HERE = "/settings/brakes"


@pytest.fixture
def browser(client_of, admin):
    return client_of(admin)


def written(**changes: str) -> dict[str, str]:
    return {"failed": "5", "bounced": "5", "complained": "0.1", "version": "0"} | changes


def said(answer) -> str:
    return answer.get_data(as_text=True)


def test_until_somebody_changes_them_they_are_as_the_page_shows(browser):
    assert brakes.read() == Brakes(failed=5, bounced=5, complained=0.1)
    page = said(browser.get(HERE))
    assert page.count('value="5"') == 2
    assert 'value="0.1"' in page


def test_a_limit_is_changed_and_another_switched_off(browser):
    assert browser.post(HERE, data=written(failed="7,5", bounced="")).status_code == 303
    assert brakes.read() == Brakes(failed=7.5, bounced=None, complained=0.1)
    entry = db.session.scalars(select(Entry).where(Entry.subject_type == "settings")).one()
    assert (entry.before, entry.after) == ({"failed": 5, "bounced": 5}, {"failed": 7.5, "bounced": None})
    page = said(browser.get(HERE))
    assert 'value="7.5"' in page
    assert 'name="bounced" type="text" value=""' in page


@pytest.mark.parametrize("nonsense", ["-1", "101", "many", "nan", "inf", "5 %", "x" * 500])
def test_what_is_no_percentage_is_refused_and_stays_in_the_form(browser, nonsense):
    answer = browser.post(HERE, data=written(complained=nonsense))
    assert answer.status_code == 422
    assert 'id="complained-bad"' in said(answer)
    assert f'value="{nonsense}"' in said(answer)
    assert brakes.read() == Brakes()


def test_who_saves_over_somebody_else_is_told(browser):
    browser.post(HERE, data=written(failed="6"))
    late = browser.post(HERE, data=written(failed="9"))
    assert late.status_code == 422
    assert "Somebody else saved" in said(late)
    assert brakes.read().failed == 6


def test_it_is_for_admins(client_of, marketer):
    assert client_of(marketer).get(HERE).status_code == 403
    assert client_of(marketer).post(HERE, data=written()).status_code == 403
