"""What people see when something breaks: a sentence and a number, never what broke."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from app.customers import directory


@pytest.fixture
def browser(client_of, viewer):
    return client_of(viewer)


def break_with(monkeypatch, error: Exception) -> None:
    def broken(*_args: object) -> None:
        raise error

    monkeypatch.setattr(directory, "find", broken)


def test_a_fault_of_ours_shows_a_number_and_nothing_else(browser, monkeypatch, capfd):
    secret = "Key (email)=(maya@posteo.example) already exists"
    break_with(monkeypatch, IntegrityError("INSERT INTO customers", {}, Exception(secret)))
    answer = browser.get("/customers/1", headers={"X-Request-Id": "number-to-quote"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert "number-to-quote" in page
    logged = capfd.readouterr().err
    assert "number-to-quote" in logged
    for leak in ("maya@posteo", "INSERT", "Traceback"):
        assert leak not in page
        assert leak not in logged


def test_a_database_that_is_away_is_a_503_with_a_sentence(browser, monkeypatch):
    break_with(monkeypatch, OperationalError("SELECT 1", {}, Exception("host=10.0.0.1 refused")))
    answer = browser.get("/customers/1")
    assert answer.status_code == 503
    assert "Nothing is lost" in answer.get_data(as_text=True)
    assert "10.0.0.1" not in answer.get_data(as_text=True)


def test_a_fragment_that_fails_becomes_a_toast_and_leaves_the_page(browser, monkeypatch):
    break_with(monkeypatch, ValueError("x"))
    answer = browser.get("/customers/1", headers={"HX-Request": "true"})
    assert answer.status_code == 500
    assert "toast" in answer.headers["HX-Trigger"]
    assert answer.headers["HX-Reswap"] == "none"


@pytest.mark.parametrize("path", ["/nothing", "/customers/x/y", "/static/nothing.css", "/%00", "/customers/%F0%28"])
def test_what_is_not_there_is_a_404(browser, path):
    assert browser.get(path).status_code == 404


def test_a_form_from_an_old_page_says_so(browser):
    browser.token = "old"
    answer = browser.post("/sign-out")
    assert answer.status_code == 400
    assert "too old" in answer.get_data(as_text=True)
