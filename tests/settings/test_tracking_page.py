"""Settings → Tracking: what mails carry is switched on and off, and nonsense is refused."""

from __future__ import annotations

import pytest

from app.settings import tracking
from app.settings.tracking import Tracking

HERE = "/settings/tracking"
SENT = {"clicks": "1", "utm": "1", "utm_source": "campus", "utm_medium": "email", "version": "0"}


@pytest.fixture
def browser(client_of, admin):
    return client_of(admin)


def test_what_is_ticked_is_on_and_the_rest_is_off(browser):
    assert browser.get(HERE).get_data(as_text=True).count(" checked") == 3
    assert browser.post(HERE, data=SENT).status_code == 303
    assert tracking.read() == Tracking(opens=False, hidden=False, utm=True, utm_source="campus")


def test_a_word_that_would_break_an_address_is_refused_and_the_rest_stays_in_the_form(browser):
    answer = browser.post(HERE, data=SENT | {"utm_source": "a b&c"})
    page = answer.get_data(as_text=True)
    assert (answer.status_code, page.count(" checked")) == (422, 2)
    assert 'value="a b&amp;c"' in page
    assert tracking.read() == Tracking()


def test_who_saves_tracking_over_somebody_else_is_told(browser):
    browser.post(HERE, data=SENT)
    late = browser.post(HERE, data=SENT | {"utm_source": "late"})
    assert (late.status_code, tracking.read().utm_source) == (422, "campus")
    assert "Somebody else saved" in late.get_data(as_text=True)


def test_tracking_is_for_admins(client_of, marketer):
    assert client_of(marketer).get(HERE).status_code == 403
    assert client_of(marketer).post(HERE, data=SENT).status_code == 403
