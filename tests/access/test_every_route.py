"""The walk: every route × every method × everybody, against the right that the route itself declares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import BaseConverter, IntegerConverter, Rule
from werkzeug.routing.converters import AnyConverter
from werkzeug.test import TestResponse

from app import access, create_app
from app.accounts import api_keys
from app.accounts.api_key import SCOPES
from app.accounts.user import MAY, ROLES, User
from app.audit.actor import COMMAND_LINE
from app.db import db
from tests.conftest import LONG, open_session, token_of

WRITES = {"POST", "PUT", "PATCH", "DELETE"}
HTMX = {"HX-Request": "true"}
# HEAD is GET without a body, and draws each page a second time: it is asked for in the long suite.
LEFT_OUT = {"OPTIONS"} if LONG else {"OPTIONS", "HEAD"}
# Who calls there proves it by a signature, whoever is signed in.
SIGNED = {"webhooks.funnel", "webhooks.resend", "webhooks.ses"}
# The token of a link is the key, or nothing is; no cookie is read, so there is none that a forged form could use.
LINKED = {"unsubscribe.act", "preferences.act", "sign_up.ask", "sign_up.confirm"}
# They ask for a key or a token of their own.
ASKED_ELSEWHERE = ("/health", "/track/recommendations/")


@dataclass(frozen=True)
class Step:
    endpoint: str
    method: str
    path: str
    right: str | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def scope(self) -> str | None:
        """Of the key that opens it; None where a session does."""
        right = self.right or ""
        return right.removeprefix(access.KEY) if right.startswith(access.KEY) else None


def steps(app: Flask) -> Iterator[Step]:
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            for method in sorted(rule.methods or set()):
                if method not in LEFT_OUT and rule.endpoint not in SIGNED:
                    yield Step(rule.endpoint, method, path(app, rule), access.right_of(rule.endpoint))


def path(app: Flask, rule: Rule) -> str:
    values = {name: value(converter) for name, converter in rule._converters.items()}
    return app.url_map.bind("localhost").build(rule.endpoint, values)


def value(converter: BaseConverter) -> object:
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return 1 if isinstance(converter, IntegerConverter) else "x"


def for_people(app: Flask) -> Iterator[Step]:
    """What a session opens, and what is public."""
    return (step for step in steps(app) if step.scope is None)


def for_systems(app: Flask) -> list[Step]:
    """What a key opens."""
    return [step for step in steps(app) if step.scope]


def undeclared(app: Flask) -> set[str]:
    known = {"public", *MAY, *(f"{access.KEY}{scope}" for scope in SCOPES)}
    return {step.endpoint for step in steps(app) if not rights(step) <= known}


def rights(step: Step) -> set[str]:
    """Several where keys of several kinds open it."""
    return {f"{access.KEY}{scope}" for scope in step.scope.split(",")} if step.scope else {str(step.right)}


def signed_in(app: Flask, user: User | None) -> FlaskClient:
    """A session as the door would open it, anew for each step: some steps end sessions."""
    client = app.test_client()
    if user:
        db.session.refresh(user)
    open_session(client, user)
    return client


def ask(app: Flask, user: User | None, step: Step, with_token: bool = True, **headers: str) -> TestResponse:
    if with_token:
        headers["X-CSRFToken"] = token_of(app)
    client = signed_in(app, user)
    with app.app_context():
        return client.open(step.path, method=step.method, headers=headers)


def make_key(*scopes: str) -> str:
    _row, key = api_keys.create("LMS", scopes, COMMAND_LINE)
    db.session.commit()
    return key


def ask_with(app: Flask, key: str, step: Step) -> TestResponse:
    with app.app_context():
        return app.test_client().open(step.path, method=step.method, headers={"Authorization": f"Bearer {key}"})


def refused_in_json(answer: TestResponse) -> tuple[int, str]:
    """An answer to HEAD has no body; its status and its type say as much."""
    is_json = answer.mimetype == "application/json" and "Location" not in answer.headers
    code = answer.get_json()["error"]["code"] if answer.data else ""
    return answer.status_code, code if is_json else "no JSON"


def is_sent_to_the_door(answer: TestResponse) -> bool:
    return answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in")


def is_let_in(answer: TestResponse) -> bool:
    return answer.status_code not in {400, 401, 403} and answer.status_code < 500 and not is_sent_to_the_door(answer)


def test_every_route_declares_who_may_use_it(app):
    assert undeclared(app) == set()


def test_a_route_that_declares_nothing_is_found_and_refuses_even_the_admin(app, config, admin):
    forgetful = create_app(config, "tests")
    forgetful.add_url_rule("/forgotten-right", "forgotten_right", lambda: "secret")
    assert undeclared(forgetful) == {"forgotten_right"}
    with forgetful.app_context():
        answer = ask(
            forgetful, db.session.get(User, admin.id), Step("forgotten_right", "GET", "/forgotten-right", None)
        )
        db.engine.dispose()
    assert answer.status_code == 403
    assert b"secret" not in answer.data


def test_a_stranger_is_sent_to_the_door_everywhere(app, admin):
    guarded = [step for step in for_people(app) if step.right != "public"]
    assert [str(step) for step in guarded if not is_sent_to_the_door(ask(app, None, step))] == []


def test_a_stranger_with_htmx_gets_401_and_the_way_to_the_door(app, admin):
    guarded = [step for step in for_people(app) if step.right != "public"]
    answers = {str(step): ask(app, None, step, **{"HX-Request": "true"}) for step in guarded}
    assert [said for said, answer in answers.items() if answer.status_code != 401] == []
    assert [s for s, answer in answers.items() if not answer.headers["HX-Redirect"].startswith("/sign-in")] == []


def test_a_stranger_may_use_what_is_public(app, admin):
    public = [step for step in steps(app) if step.right == "public" and not step.path.startswith(ASKED_ELSEWHERE)]
    assert [str(step) for step in public if not is_let_in(ask(app, None, step))] == []


@pytest.mark.parametrize("role", ROLES)
def test_each_role_enters_where_it_may_and_nowhere_else(app, make_user, role):
    user = make_user("Somebody", role)
    wrong = []
    for step in for_people(app):
        answer = ask(app, user, step)
        may = step.right == "public" or user.may(str(step.right))
        if not (is_let_in(answer) if may else answer.status_code == 403) and not step.path.startswith(ASKED_ELSEWHERE):
            wrong.append(f"{step}: {answer.status_code}")
    assert wrong == []


@pytest.mark.parametrize("role", ["admin", None])
def test_no_form_is_taken_without_its_token(app, make_user, role):
    user = make_user("Ada", "admin") if role else None
    forms = [step for step in for_people(app) if step.method in WRITES and (user or step.right == "public")]
    # Pages of the shop call /track without a session of ours: there is nothing that could be forged.
    forms = [step for step in forms if step.endpoint not in LINKED and not step.path.startswith("/track/")]
    assert {str(step): ask(app, user, step, with_token=False).status_code for step in forms} == {
        str(step): 400 for step in forms
    }


def test_a_door_of_links_takes_no_notice_of_a_session(app, admin):
    doors = [step for step in for_people(app) if step.endpoint in LINKED]
    assert {step.endpoint for step in doors} == LINKED
    for step in doors:
        answers = [ask(app, user, step, with_token=False) for user in (None, admin)]
        assert answers[0].data == answers[1].data, str(step)
        assert not any("Set-Cookie" in answer.headers for answer in answers), str(step)


def test_a_signed_door_opens_to_nobody_without_a_signature(app, admin):
    with app.test_request_context():
        signed = [rule for rule in app.url_map.iter_rules() if rule.endpoint in SIGNED]
    asked = [Step(rule.endpoint, "POST", path(app, rule), "public") for rule in signed]
    assert {ask(app, user, step).status_code for step in asked for user in (None, admin)} == {401}
    assert {access.right_of(endpoint) for endpoint in SIGNED} == {"public"}


def test_no_session_opens_what_a_key_opens(app, admin):
    doors = for_systems(app)
    asked = [ask(app, user, step, **headers) for step in doors for user in (None, admin) for headers in ({}, HTMX)]
    assert doors
    assert {refused_in_json(answer) for answer in asked} <= {(401, "unauthorized"), (401, "")}
    assert all(answer.headers["WWW-Authenticate"].startswith("Bearer") for answer in asked)
    assert not any("Set-Cookie" in answer.headers for answer in asked)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_key_opens_what_its_scope_says_and_nothing_else(app, scope):
    key = make_key(scope)
    wrong = []
    for step in for_systems(app):
        answer = ask_with(app, key, step)
        is_in = answer.status_code not in {401, 403} and answer.status_code < 500
        if is_in != (scope in {*(step.scope or "").split(","), "admin"}):
            wrong.append(f"{step}: {answer.status_code}")
        if not is_in and refused_in_json(answer) not in {(403, "forbidden"), (403, "")}:
            wrong.append(f"{step}: {answer.get_data(as_text=True)[:80]}")
    assert wrong == []


def test_no_key_opens_a_page(app):
    key = make_key("admin")
    guarded = [step for step in for_people(app) if step.right != "public"]
    assert [str(step) for step in guarded if is_let_in(ask_with(app, key, step))] == []


def test_a_wrong_role_is_told_so_without_seeing_the_page(client_of, viewer):
    answer = client_of(viewer).get("/settings/users")
    assert answer.status_code == 403
    assert "not yours to do" in answer.get_data(as_text=True)
    assert viewer.email not in answer.get_data(as_text=True).partition("<main")[2]
