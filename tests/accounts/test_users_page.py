"""Settings → Users: an admin invites, changes, removes; nobody else gets near."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.accounts import api_keys, invitations
from app.accounts.invitation import Invitation
from app.accounts.user import User
from app.audit import Actor, Entry
from app.db import db

URL = "/settings/users"
LINK = re.compile(r'id="link" value="([^"]+)"')


@pytest.fixture
def browser(client_of, admin):
    return client_of(admin)


def said(answer) -> str:
    return html.unescape(answer.get_data(as_text=True))


def user_named(name: str) -> User | None:
    db.session.expire_all()
    return db.session.scalar(select(User).where(User.name == name))


def in_the_list(answer) -> list[str]:
    return re.findall(r'<th scope="row" class="m1"><a [^>]*>([^<]*)</a>', said(answer))


def test_the_list_shows_everybody_as_a_page_and_as_a_fragment(browser, viewer, editor):
    page, fragment = browser.get(URL), browser.get(URL, headers={"HX-Request": "true"})
    assert in_the_list(page) == in_the_list(fragment) == ["Ada", "Eda", "Vic"]
    assert "<html" in said(page)
    assert "<html" not in said(fragment)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("q=vic", ["Vic"]),
        ("q=CAMPUS+eda", ["Eda"]),
        ("q=%25", ["Ada", "Eda", "Max", "Vic"]),
        ("q=zzz", []),
        ("filter=role:is:editor", ["Eda"]),
        ("filter=state:is:invited", ["Max"]),
        ("filter=state:is:active&q=a", ["Ada"]),
        ("sort=-email", ["Vic", "Max", "Eda", "Ada"]),
        ("sort=created", ["Ada", "Vic", "Eda", "Max"]),
    ],
)
def test_searched_filtered_and_sorted(browser, viewer, editor, marketer, asked, names):
    marketer.password_hash = None
    db.session.commit()
    assert in_the_list(browser.get(f"{URL}?{asked}")) == names


@pytest.mark.parametrize(
    "asked", ["filter=role:is:owner", "filter=password_hash:is:x", "sort=password_hash", "cursor=x", "filter=role"]
)
def test_a_list_asked_for_nonsense_answers_with_a_sentence(browser, asked):
    answer = browser.get(f"{URL}?{asked}")
    assert answer.status_code == 422
    assert "That does not work here" in said(answer)


def test_the_filter_form_becomes_an_address(browser):
    answer = browser.get(f"{URL}?q=a&field=role&op=is&value=editor")
    assert answer.status_code == 302
    assert "filter=role:is:editor" in answer.headers["Location"].replace("%3A", ":")


def test_an_invitation_shows_its_link_once_and_the_link_works(browser, stranger):
    made = browser.post(URL, data={"name": "Ines Ortega", "email": "ines@campus.example", "role": "marketer"})
    link = LINK.search(said(made))[1]
    assert made.status_code == 200
    assert link.startswith("http://127.0.0.1")
    assert link.rpartition("/")[2] not in said(browser.get(URL))
    assert "was invited" in said(browser.get(URL))
    path = link[link.index("/invitations/") :]
    assert "ines@campus.example" in said(stranger.get(path))
    assert stranger.post(path, data={"name": "Ines", "password": "a brand new password"}).status_code == 303
    assert stranger.get("/account").status_code == 200
    assert "was invited" not in said(browser.get(URL))


def test_a_wrong_invitation_keeps_what_was_typed(browser, viewer):
    answer = browser.post(URL, data={"name": "Ines Ortega", "email": "VIC@campus.example", "role": "marketer"})
    assert answer.status_code == 422
    assert "here already" in said(answer)
    assert 'value="Ines Ortega"' in said(answer)
    assert user_named("Ines Ortega") is None


def test_a_role_is_changed_in_the_list(browser, viewer):
    answer = browser.post(f"{URL}/{viewer.id}/role", data={"role": "editor"})
    assert answer.status_code == 303
    assert user_named("Vic").role == "editor"
    assert "Vic is editor now" in said(browser.get(URL))


def test_with_htmx_the_browser_is_told_where_to_go(browser, viewer):
    answer = browser.post(f"{URL}/{viewer.id}/role", data={"role": "editor"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, URL)


@pytest.mark.parametrize(
    ("role", "sentence"), [("owner", "One of admin"), ("", "One of admin"), ("viewer", "must be an admin")]
)
def test_a_role_that_cannot_be_is_refused_with_a_sentence(browser, admin, role, sentence):
    answer = browser.post(f"{URL}/{admin.id}/role", data={"role": role})
    assert answer.status_code == 422
    assert sentence in said(answer)
    assert user_named("Ada").role == "admin"


def test_an_admin_may_step_down_when_another_remains_and_stays_signed_in(browser, admin, make_user):
    make_user("Bea", "admin")
    assert browser.post(f"{URL}/{admin.id}/role", data={"role": "editor"}).status_code == 303
    assert browser.get("/account").status_code == 200
    assert browser.get(URL).status_code == 403


def test_removal_asks_first_and_names_what_it_touches(browser, viewer):
    api_keys.create("LMS", ["read"], Actor("user", viewer.id, "Vic"))
    db.session.commit()
    for asked in (browser.get(f"{URL}/{viewer.id}/removal"), browser.get(URL), browser.get(f"{URL}/{viewer.id}")):
        assert "1 API key that they made keeps working" in said(asked)
    assert browser.post(f"{URL}/{viewer.id}/removal").status_code == 303
    assert user_named("Vic") is None
    assert "Vic is gone." in said(browser.get(URL))


def test_the_last_admin_is_not_removed(browser, admin):
    answer = browser.post(f"{URL}/{admin.id}/removal")
    assert answer.status_code == 422
    assert "last admin cannot go" in said(answer)
    assert browser.get(URL).status_code == 200


def test_who_removes_themselves_is_out(browser, admin, make_user):
    make_user("Bea", "admin")
    answer = browser.post(f"{URL}/{admin.id}/removal")
    assert answer.headers["Location"] == "/sign-in"
    assert browser.get("/account").status_code == 302


def test_a_person_is_renamed_and_their_page_tells_what_changed(browser, viewer):
    assert browser.post(f"{URL}/{viewer.id}", data={"name": "  Victoria "}).status_code == 303
    assert "Ada renamed" in said(browser.get(f"{URL}/{viewer.id}"))
    answer = browser.post(f"{URL}/{viewer.id}", data={"name": " "})
    assert answer.status_code == 422
    assert user_named("Victoria") is not None


def test_who_forgot_is_shown_until_a_link_is_made(browser, stranger, viewer):
    stranger.post("/forgotten", data={"email": viewer.email})
    assert "asked for a new password" in said(browser.get(URL))
    link = LINK.search(said(browser.post(f"{URL}/{viewer.id}/link")))[1]
    assert invitations.find(link.rpartition("/")[2], datetime.now(UTC)).user.name == "Vic"
    assert "asked for a new password" not in said(browser.get(URL))


@pytest.mark.parametrize("path", ["/999999", "/99999999999999999999", "/999999/removal"])
def test_nobody_is_a_404(browser, path):
    assert browser.get(URL + path).status_code == 404


@pytest.mark.parametrize("path", ["", "/{id}", "/{id}/role", "/{id}/link", "/{id}/removal"])
def test_a_marketer_can_do_none_of_it(client_of, marketer, viewer, path):
    data = {"name": "X", "email": "x@campus.example", "role": "admin"}
    assert client_of(marketer).post(URL + path.format(id=viewer.id), data=data).status_code == 403
    assert user_named("Vic").role == "viewer"
    assert db.session.scalars(select(Invitation)).all() == []


def test_names_are_shown_as_text(browser, make_user):
    make_user("<script>alert(1)</script>", "viewer", "script@campus.example")
    assert "<script>alert" not in browser.get(URL).get_data(as_text=True)


def test_no_token_stands_in_the_trail(browser, viewer):
    link = LINK.search(said(browser.post(f"{URL}/{viewer.id}/link")))[1]
    entry = db.session.scalar(select(Entry).where(Entry.verb.like("made a%link%")))
    assert (entry.actor_name, entry.subject_name) == ("Ada", viewer.email)
    assert link.rpartition("/")[2] not in f"{entry.before} {entry.after}"
