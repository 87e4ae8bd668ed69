"""Settings → API keys: made, shown once, revoked."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select

from app.accounts import api_keys
from app.accounts.api_key import ApiKey
from app.audit import Actor
from app.db import db

URL = "/settings/api-keys"
ADA = Actor("user", 1, "Ada")


@pytest.fixture
def browser(client_of, admin):
    return client_of(admin)


def said(answer) -> str:
    return html.unescape(answer.get_data(as_text=True))


def keys() -> list[ApiKey]:
    db.session.expire_all()
    return list(db.session.scalars(select(ApiKey).order_by(ApiKey.id)))


def make(name: str = "LMS") -> ApiKey:
    row, _key = api_keys.create(name, ["ingest", "read"], ADA)
    db.session.commit()
    return row


def test_a_key_is_shown_this_once(browser, admin):
    made = browser.post(URL, data={"name": "LMS", "scope": ["ingest", "read"]})
    key = re.search(r'value="(campus_live_[^"]+)"', said(made))[1]
    assert made.status_code == 200
    assert api_keys.find(key).created_by == admin.id
    listed = said(browser.get(URL))
    assert key not in listed
    assert f"campus_live_{keys()[0].prefix}…" in listed
    assert "ingest, read" in listed


@pytest.mark.parametrize(
    "data", [{"name": "", "scope": "read"}, {"name": "LMS"}, {"name": "LMS", "scope": ["read", "root"]}]
)
def test_a_key_without_a_name_or_a_scope_is_refused_with_what_was_typed(browser, data):
    answer = browser.post(URL, data=data)
    assert answer.status_code == 422
    assert 'role="alert"' in said(answer)
    assert f'value="{data["name"]}"' in said(answer)
    assert ('value="read" checked' in said(answer)) == ("scope" in data)
    assert keys() == []


def test_revoking_asks_first_and_is_final(browser):
    row = make()
    asked = browser.get(f"{URL}/{row.id}/revocation")
    assert "ingest, read, and was never used" in said(asked)
    assert browser.post(f"{URL}/{row.id}/revocation").status_code == 303
    assert keys()[0].revoked_at is not None
    assert "revoked" in said(browser.get(URL))
    assert browser.post(f"{URL}/{row.id}/revocation").status_code == 404
    assert browser.get(f"{URL}/{row.id}/revocation").status_code == 404


def test_the_list_is_searched_and_answers_page_and_fragment(browser):
    make("LMS")
    make("Shop")
    page = browser.get(f"{URL}?q=shop")
    fragment = browser.get(f"{URL}?q=shop", headers={"HX-Request": "true"})
    for answer in (page, fragment):
        assert "Revoke “Shop”?" in said(answer)
        assert "Revoke “LMS”?" not in said(answer)
    assert "<html" not in said(fragment)
    assert "No key matches" in said(browser.get(f"{URL}?q=zzz"))
    assert browser.get(f"{URL}?filter=key_hash:is:x").status_code == 422


def test_before_the_first_key_the_page_says_what_keys_are_for(browser):
    assert "No API keys yet" in said(browser.get(URL))


@pytest.mark.parametrize("role", ["marketer", "editor", "viewer"])
def test_nobody_but_an_admin_makes_or_sees_keys(client_of, make_user, role):
    other = client_of(make_user("Other", role))
    assert other.get(URL).status_code == 403
    assert other.post(URL, data={"name": "X", "scope": "admin"}).status_code == 403
    assert keys() == []
