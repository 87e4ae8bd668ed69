"""The door: who comes in, who does not, what they are told, and where they go from there."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select

from app.accounts.sign_in_failure import SignInFailure
from app.accounts.user import User
from app.db import db
from tests.conftest import PASSWORD


def said(answer) -> str:
    return html.unescape(answer.get_data(as_text=True))


def enter(client, email: str, password: str = PASSWORD, **more: str):
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def test_the_right_password_opens_the_house(stranger, viewer):
    answer = enter(stranger, viewer.email)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert stranger.get("/").status_code == 200
    db.session.expire_all()
    assert viewer.last_seen_at is not None


def test_the_session_ends_with_the_browser_unless_somebody_wants_to_stay(stranger, viewer):
    enter(stranger, viewer.email)
    assert stranger.get_cookie("campus").expires is None
    stranger.post("/sign-out")
    stranger.get("/sign-in")
    enter(stranger, viewer.email, stay="on")
    assert stranger.get_cookie("campus").expires is not None


def test_its_cookie_is_out_of_reach_for_scripts_and_other_sites(stranger, viewer):
    cookie = enter(stranger, viewer.email).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_somebody_unknown_is_told_exactly_the_same_as_somebody_known(stranger, viewer):
    known = [enter(stranger, viewer.email, "wrong") for _ in range(11)]
    unknown = [enter(stranger, "nobody@campus.example", "wrong") for _ in range(11)]
    for one, other in zip(known, unknown, strict=True):
        assert one.status_code == other.status_code
        assert bare(one, viewer.email) == bare(other, "nobody@campus.example")
        assert set(one.headers.keys()) == set(other.headers.keys())


def bare(answer, email: str) -> str:
    return re.sub(r'csrf_token" value="[^"]*"|X-CSRFToken": "[^"]*"', "", said(answer)).replace(email, "EMAIL")


def test_the_sentence_counts_down_to_the_pause(stranger, viewer):
    sentences = [
        re.search(r'id="password-bad">.*?<span>(.*?)</span>', said(enter(stranger, viewer.email, "wrong")))[1]
        for _ in range(11)
    ]
    assert sentences[0] == "E-mail and password do not match. Nine tries are left, then a pause of 15 minutes."
    assert sentences[5] == "E-mail and password do not match. Four tries are left, then a pause of 15 minutes."
    assert sentences[8] == "E-mail and password do not match. One try is left, then a pause of 15 minutes."
    assert sentences[9] == "E-mail and password do not match. That was the last try before a pause of 15 minutes."
    assert sentences[10] == "Too many tries. The next one is possible in 15 minutes."


def test_a_refusal_keeps_the_address_and_forgets_the_password(stranger, viewer):
    answer = enter(stranger, "VIC@campus.example", "hunter2hunter2")
    assert answer.status_code == 422
    assert 'value="VIC@campus.example"' in said(answer)
    assert "hunter2" not in said(answer)


def test_a_pause_says_so_to_machines_too(stranger, viewer):
    for _ in range(10):
        enter(stranger, viewer.email, "wrong")
    answer = enter(stranger, viewer.email)
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "900"


def test_without_any_field_the_form_comes_back(stranger):
    assert stranger.post("/sign-in").status_code == 422


def test_a_proxy_on_this_machine_speaks_for_others_and_nobody_else_does(stranger, viewer):
    for n in range(50):
        stranger.post(
            "/sign-in", data={"email": f"p{n}@x.example"}, headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9"}
        )
    theirs = {"X-Forwarded-For": "203.0.113.9"}
    assert stranger.post("/sign-in", data={"email": "x"}, headers=theirs).status_code == 429
    assert stranger.post("/sign-in", data={"email": "x"}, headers={"X-Forwarded-For": "203.0.113.8"}).status_code == 422
    far = {"REMOTE_ADDR": "198.51.100.1"}
    for n in range(50):
        stranger.post(
            "/sign-in", data={"email": f"q{n}@x.example"}, environ_base=far, headers={"X-Forwarded-For": f"10.0.0.{n}"}
        )
    assert stranger.post("/sign-in", data={"email": "x"}, environ_base=far).status_code == 429


@pytest.mark.parametrize("wanted", ["/customers?q=a&sort=-name", "/settings/users", "/kunden/größe", "/a//b"])
def test_one_goes_where_one_was_going(stranger, viewer, wanted):
    assert enter(stranger, viewer.email, next=wanted).headers["Location"].startswith(wanted[:3])
    assert stranger.get("/sign-in", query_string={"next": wanted}).headers["Location"].startswith(wanted[:3])


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
        "http:evil.example", "evil.example", "javascript:alert(1)",
        "/\t/evil.example", "/\n/evil.example", "\t//evil.example",
        " //evil.example", "/x\r\nSet-Cookie: a=b", "/\x00/evil", "", "/\u202e/evil",
    ],
)  # fmt: skip
def test_nobody_is_sent_to_another_house(stranger, viewer, wanted):
    assert enter(stranger, viewer.email, next=wanted).headers["Location"] == "/"
    assert stranger.get("/sign-in", query_string={"next": wanted}).headers["Location"] == "/"


def test_a_page_that_was_asked_for_is_shown_after_the_door(stranger, viewer):
    door = stranger.get("/customers?q=maya")
    assert door.headers["Location"] == "/sign-in?next=/customers?q%3Dmaya"
    form = said(stranger.get(door.headers["Location"]))
    assert 'name="next" value="/customers?q=maya"' in form


def test_signing_out_ends_the_session(client_of, viewer):
    browser = client_of(viewer)
    assert browser.post("/sign-out").headers["Location"] == "/sign-in"
    assert browser.get("/").status_code == 302
    assert browser.get("/sign-out").status_code in {302, 405}


def test_a_forgotten_password_is_answered_the_same_for_everybody(stranger, viewer):
    known = stranger.post("/forgotten", data={"email": viewer.email})
    unknown = stranger.post("/forgotten", data={"email": "nobody@campus.example"})
    assert known.status_code == unknown.status_code == 200
    assert bare(known, viewer.email) == bare(unknown, "nobody@campus.example")


@pytest.mark.parametrize("email", ["", "\0", "x" * 100_000, "💥", "a\r\nb"])
def test_odd_addresses_break_nothing(stranger, email):
    assert stranger.post("/forgotten", data={"email": email}).status_code == 200
    assert enter(stranger, email, "\0").status_code == 422


def test_neither_addresses_nor_passwords_nor_tokens_are_logged(stranger, viewer, capfd):
    enter(stranger, viewer.email, "hunter2hunter2")
    stranger.post("/forgotten", data={"email": viewer.email})
    stranger.get("/invitations/some-secret-token")
    logged = capfd.readouterr().err
    assert "/sign-in" in logged
    for secret in (viewer.email, "hunter2", "some-secret-token"):
        assert secret not in logged


def test_failures_stand_in_the_table_only_as_hashes(stranger, viewer):
    enter(stranger, viewer.email, "wrong")
    subjects = db.session.scalars(select(SignInFailure.subject)).all()
    assert len(subjects) == 2
    assert all(re.fullmatch(r"[0-9a-f]{64}", subject) for subject in subjects)


def test_the_forms_answer_a_browser_with_htmx_too(stranger, viewer):
    answer = stranger.post(
        "/sign-in", data={"email": viewer.email, "password": PASSWORD}, headers={"HX-Request": "true"}
    )
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/")
    assert db.session.scalar(select(User.last_seen_at)) is not None
